import { expect, it } from 'vitest';
import type { NotebookPage } from '../support/jupyterlab-page.js';
import { describeInLab, picture } from '../support/lab-suite.js';

const CELL = [
  'def double(a):',
  '    b = a + 1',
  '    c = b * 2',
  '    return c',
  '',
  'result = double(20)',
  'print(result)',
].join('\n');

/** The debugger asks the session for one thing after the other. */
const PATIENT = { timeout: 20_000 };

/** Clicks into the gutter left of a line, counted from 1. */
async function toggleBreakpoint(notebook: NotebookPage, cell: number, line: number) {
  // The first element of a gutter only gives it its width.
  await notebook.cell(cell).locator('.cm-breakpoint-gutter .cm-gutterElement').nth(line).click();
}

/** The variables as the panel shows them: names and values. */
async function variables({ page }: NotebookPage): Promise<string[]> {
  return await page.locator('.jp-DebuggerVariables .jp-TreeItem').evaluateAll((items) =>
    items.map((item) => {
      const [name, detail] = [...item.querySelectorAll('span')].map((span) => span.textContent);
      return `${name}: ${detail}`;
    }),
  );
}

describeInLab('the debugger of JupyterLab', (lab) => {
  it('stops at a breakpoint, shows variables and the call stack, steps and goes on', async () => {
    const notebook = await lab.write('debugger', [CELL, '["not", "a", "stop"]']);
    const { page } = notebook;
    await page.locator('.jp-DebuggerBugButton').click();
    await page.locator('.jp-DebuggerBugButton[title="Disable Debugger"]').waitFor();
    await toggleBreakpoint(notebook, 0, 2);
    await page.locator('.jp-DebuggerBreakpoint').waitFor();

    await notebook.start(0);
    await page.locator('.jp-DebuggerPausedOverlay').waitFor();
    await expect
      .poll(() => page.locator('.jp-DebuggerCallstackFrame-name').allTextContents(), PATIENT)
      .toEqual(['double', '<module>']);
    await expect.poll(() => variables(notebook), PATIENT).toEqual(['a: 20']);
    await picture(notebook, 'debugger');

    await page.locator('.jp-DebuggerPausedButton[title="Next"]').click();
    await expect.poll(() => variables(notebook), PATIENT).toEqual(['a: 20', 'b: 21']);
    await page.locator('.jp-DebuggerPausedButton[title="Continue"]').click();
    expect(await notebook.finished(0)).toContain('42');
    expect(await notebook.run(1)).toContain("['not', 'a', 'stop']");
    await notebook.close();
  }, 120_000);

  it('shows the variables of the session between cells', async () => {
    const notebook = await lab.write('variables', ['size = 12\nwords = ["a", "b"]']);
    const { page } = notebook;
    await page.locator('.jp-DebuggerBugButton').click();
    await page.locator('.jp-DebuggerBugButton[title="Disable Debugger"]').waitFor();
    await notebook.run(0);
    await page.locator('.jp-DebuggerVariables-toolbar select').selectOption({ label: 'Globals' });
    await expect.poll(() => variables(notebook), PATIENT).toContainEqual('size: 12');
    expect(await variables(notebook)).toContainEqual('words: list');
    await notebook.close();
  }, 120_000);
});
