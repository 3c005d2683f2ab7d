import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeInLab, picture } from '../support/lab-suite.js';

/** A service whose rows from 180 on wait for a door, and fail without a petal. */
const SETUP = (door: string) => `import os, time
import pandas as pd
door = ${JSON.stringify(door)}

def species(row: int, petal_length: float, petal_width: float) -> str:
    while row >= 180 and not os.path.exists(door): time.sleep(0.01)
    if petal_length <= 0: raise ValueError(f"a petal of {petal_length} cm")
    if petal_length < 2.5: return "I. setosa"
    return "I. versicolor" if petal_width < 1.7 else "I. virginica"

df = pd.DataFrame({"petal_length": [1.4, 4.7, 5.9] * 100, "petal_width": [0.2, 1.4, 2.1] * 100})
df["row"] = df.index
mixed = df[:40].replace({"petal_length": {5.9: -1.0}})
%publish species Iris V1`;

describeInLab('a batch in JupyterLab', (lab) => {
  it('shows a bar while it runs, then its time; a card, rows that failed, and an interrupt', async () => {
    const doors = ['one', 'two'].map((name) => join(lab.world.notebooks, name));
    const [door = '', never = ''] = doors;
    const notebook = await lab.write('batch', [
      SETUP(door),
      'answers = %consume Iris --batch df',
      'answers.value_counts()',
      '%consume Iris --batch df',
      '%consume Iris --batch mixed',
      'answers = %consume Iris --batch mixed',
      `door = ${JSON.stringify(never)}\n%publish species Iris V2`,
      'answers = %consume Iris --batch df',
    ]);
    await notebook.run(0);
    await notebook.start(1);
    const bar = notebook.output(1).locator('progress');
    await notebook.output(1).getByText('180 of 300 rows').waitFor();
    await expect.poll(() => bar.getAttribute('value')).toBe('0.600');
    await picture(notebook, 'batch-running', { from: 1, to: 1 });
    await writeFile(door, '');
    expect(await notebook.finished(1)).toMatch(/Calling Iris V1\s+✓ [\d.]+ s/);
    expect(await bar.count()).toBe(0);
    expect(await notebook.run(2)).toMatch(/I\. setosa\s+100/);
    expect(await notebook.run(3)).toMatch(/Iris V1: 300 rows\s+Took\s+[\d.]+ s, [\d,]+ rows\/s/);
    expect(await notebook.run(4)).toMatch(
      /13 of 40 rows failed\.\s+Rows\s+Why\s+2, 5, 8, 11, 14 and 8 more\s+ValueError: a petal of -1/,
    );
    expect(await notebook.run(5)).toContain(
      '13 of 40 rows failed:\n  rows 2, 5, 8, 11, 14 and 8 more: ValueError: a petal of -1',
    );
    await notebook.run(6);
    await notebook.start(7);
    await notebook.output(7).getByText('180 of 300 rows').waitFor();
    await notebook.choose('Kernel', 'kernelmenu:interrupt');
    expect(await notebook.finished(7)).toMatch(
      /Calling Iris V2\s+✗ interrupted after [\d.]+ s at 180 of 300 rows\s+KeyboardInterrupt/,
    );
    await picture(notebook, 'batch-all');
    await picture(notebook, 'batch-card', { from: 4, to: 4 });
    await notebook.close();
  }, 120_000);
});
