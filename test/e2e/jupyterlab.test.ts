import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { NotebookPage } from '../support/jupyterlab-page.js';
import { describeInLab, pictureDirectory } from '../support/lab-suite.js';

describeInLab('JupyterLab with the Slipway kernel', (lab) => {
  async function runAll(notebook: NotebookPage): Promise<void> {
    await notebook.runAll();
    await notebook.page.waitForFunction(
      () => {
        const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
        return (
          prompts.length > 0 &&
          prompts.every((prompt) => /^\[\d+\]:$/.test(prompt.textContent ?? ''))
        );
      },
      undefined,
      { timeout: 120_000 },
    );
  }

  it('runs the iris notebook cell by cell to a published service and its cards', async () => {
    const notebook = await lab.open('iris.ipynb');
    await runAll(notebook);
    const { page } = notebook;
    const errors = await page
      .locator(
        '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"], .jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]',
      )
      .allInnerTexts();
    expect(errors).toEqual([]);
    const text = await page.locator('.jp-Notebook').textContent();
    expect(text).toContain('/api/Iris/V1.0');
    expect(text).toContain('I. versicolor');
    const directory = await pictureDirectory();
    if (directory !== undefined) await screenshots(page, directory);
    await notebook.close();
  }, 240_000);

  async function screenshots(page: Page, directory: string): Promise<void> {
    const cells = page.locator('.jp-CodeCell');
    const count = await cells.count();
    for (let index = 0; index < count; index++) {
      await cells.nth(index).screenshot({ path: join(directory, `iris-cell-${index + 1}.png`) });
    }
    await page.locator('.jp-CodeCell', { hasText: '%%publish Iris V1.0' }).evaluate((cell) => {
      cell.scrollIntoView({ block: 'center' });
    });
    await page.screenshot({ path: join(directory, 'iris-notebook.png') });
  }
});
