import { expect, it } from 'vitest';
import { describeInLab } from '../support/lab-suite.js';

describeInLab('one kernel in several places of JupyterLab', (lab) => {
  it('a second view of a notebook shows what is run in the first', async () => {
    const notebook = await lab.write('views', ['print("seen", 6 * 7)']);
    await notebook.choose('File', 'docmanager:clone');
    await notebook.cell(1).waitFor();
    await notebook.run(0);
    await notebook.output(1).getByText('seen 42').waitFor();
    await notebook.close();
  }, 120_000);

  it('two windows share the session’s variables, and each sees its own outputs', async () => {
    const cells = ['x = 1\nprint("from", x)', 'x += 1\nprint("now", x)'];
    const before = await lab.sessions();
    const first = await lab.write('windows', cells);
    const second = await lab.open('windows.ipynb');
    expect(await first.run(0)).toContain('from 1');
    expect(await second.run(1)).toContain('now 2');
    expect(await first.run(1)).toContain('now 3');
    expect(await second.output(0).innerText()).not.toContain('from');
    expect(await lab.sessions()).toHaveLength(before.length + 1);
    await second.close();
    expect(await first.run(1)).toContain('now 4');
    await first.close();
  }, 120_000);

  it('input() asks in the window whose cell it is', async () => {
    const cells = ['name = input("Your name? ")\nprint("hello", name)'];
    const first = await lab.write('asked', cells);
    const second = await lab.open('asked.ipynb');
    for (const [asking, other, name] of [
      [second, first, 'Ada'],
      [first, second, 'Grace'],
    ] as const) {
      await asking.start(0);
      const field = asking.page.locator('.jp-Stdin-input');
      await field.waitFor();
      expect(await other.page.locator('.jp-Stdin-input').count()).toBe(0);
      await field.fill(name);
      await field.press('Enter');
      expect(await asking.finished(0)).toContain(`hello ${name}`);
      // JupyterLab keeps the field for half a second, so that the focus stays where it is.
      await field.waitFor({ state: 'detached' });
    }
    await first.close();
    await second.close();
  }, 120_000);

  it('a cell that waits for input in one window is interrupted from the other', async () => {
    const first = await lab.write('stopped', ['input("? ")', 'kept = 1']);
    const second = await lab.open('stopped.ipynb');
    await first.run(1);
    await first.start(0);
    await first.page.locator('.jp-Stdin-input').waitFor();
    await second.choose('Kernel', 'kernelmenu:interrupt');
    expect(await first.finished(0)).toContain('KeyboardInterrupt');
    await second.replace(1, 'kept');
    expect(await second.run(1)).toContain('1');
    await first.close();
    await second.close();
  }, 120_000);

  it('a console on the notebook’s kernel has its variables', async () => {
    const notebook = await lab.write('console', ['answer = 42']);
    await notebook.run(0);
    await notebook.choose('File', 'filemenu:create-console');
    const prompt = notebook.page.locator('.jp-CodeConsole-promptCell .cm-content');
    await prompt.click();
    await notebook.page.keyboard.insertText('print("answer is", answer)');
    await notebook.page.keyboard.press('Shift+Enter');
    await notebook.page
      .locator('.jp-CodeConsole-content .jp-OutputArea-output', { hasText: 'answer is 42' })
      .waitFor();
    await notebook.close();
  }, 120_000);
});
