import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJupyterWorld, type JupyterWorld, projectRoot } from '../support/jupyter.js';
import { writeNotebook } from '../support/jupyterlab-page.js';
import { nbconvert, outputsOf, runIn, venv } from '../support/nbconvert.js';

describe('notebooks run without a person', () => {
  let world: JupyterWorld;

  beforeAll(async () => {
    world = await createJupyterWorld();
  }, 30_000);

  afterAll(async () => {
    await world?.dispose();
  }, 30_000);

  const run = (command: string, args: readonly string[], input?: string) =>
    runIn(world, command, args, input);

  it('nbconvert executes the iris walk and keeps its results', async () => {
    const outcome = await nbconvert(world, 'iris.ipynb');
    expect(outcome.stderr).toContain('Writing');
    expect(outcome.status).toBe(0);
    const outputs = await outputsOf(world, 'run-iris.ipynb');
    expect(outputs).toContain('/api/Iris/V1.0');
    expect(outputs).toContain('I. versicolor');
  }, 180_000);

  it('the published service answers a script that knows nothing of Jupyter', async () => {
    const token = await run(venv('slipway'), ['token', '--header']);
    expect(token.stdout).toMatch(/^Authorization: Bearer \S+\n$/);
    const { url } = JSON.parse(
      await readFile(join(world.env.SLIPWAY_HOME as string, 'runtime.json'), 'utf8'),
    );
    const answer = await run(
      'curl',
      [
        ...['-s', '-H', '@-', '-H', 'Content-Type: application/json'],
        ...['-d', '{"flower_data":[7,3.2,4.7,1.4]}', `${url}/api/Iris/V1.0`],
      ],
      token.stdout,
    );
    expect(JSON.parse(answer.stdout)).toMatchObject({
      success: true,
      errorMessage: '',
      outputParameters: { iris_species: ['I. versicolor'] },
    });
  }, 60_000);

  it('the iris walk can be run again against the same server', async () => {
    const outcome = await nbconvert(world, 'iris.ipynb');
    expect(outcome.status, outcome.stderr).toBe(0);
  }, 180_000);

  it('the short notebook does the same', async () => {
    const outcome = await nbconvert(world, 'iris-short.ipynb');
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(await outputsOf(world, 'run-iris-short.ipynb')).toContain('versicolor');
  }, 180_000);

  it('the plain Python script does it with requests alone', async () => {
    const outcome = await run(venv('python'), ['rest_client.py']);
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stdout).toContain('I. versicolor');
  }, 120_000);

  it('a script reads the results of magics as JSON, as docs/magics.md shows', async () => {
    await writeNotebook(world, 'publish.ipynb', [
      'print("before")\ndef double(x: float) -> float:\n    return 2 * x',
      '%publish double Double V1',
      '%publish double Double V1',
    ]);
    const page = await readFile(join(projectRoot, 'docs/magics.md'), 'utf8');
    const script = /## Results for programs[\s\S]*?```python\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    expect(script).toContain('execute_notebook');
    const outcome = await run(venv('python'), ['-c', script]);
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stdout).toMatch(
      /^published http:\S+\/api\/Double\/V1\nunchanged http:\S+\/api\/Double\/V1\n$/,
    );
  }, 120_000);

  it.each([
    ['a Python error', '1 / 0', 'ZeroDivisionError'],
    ['a magic’s usage error', '%publish', 'UsageError'],
    ['a service that does not exist', '%consume NoSuchService V9 x=1', 'NoSuchService'],
  ])(
    'nbconvert fails on %s',
    async (_what, source, named) => {
      const notebook = JSON.parse(await readFile(join(world.notebooks, 'iris.ipynb'), 'utf8'));
      const [cell] = notebook.cells.filter(
        (each: { cell_type: string }) => each.cell_type === 'code',
      );
      notebook.cells = [{ ...cell, source, outputs: [] }];
      await writeFile(join(world.notebooks, 'failing.ipynb'), JSON.stringify(notebook));
      const outcome = await nbconvert(world, 'failing.ipynb');
      expect(outcome.status).not.toBe(0);
      expect(outcome.stderr).toContain(named);
    },
    120_000,
  );
});
