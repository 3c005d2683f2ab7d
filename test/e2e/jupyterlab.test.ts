import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createJupyterWorld,
  type JupyterLab,
  type JupyterWorld,
  projectRoot,
  startJupyterLab,
} from '../support/jupyter.js';
import { NotebookPage } from '../support/jupyterlab-page.js';
import { findChromium } from '../support/requirements.js';

const executablePath = findChromium();

describe.runIf(executablePath !== undefined)('JupyterLab with the Slipway kernel', () => {
  let world: JupyterWorld;
  let lab: JupyterLab;
  let browser: Browser;

  beforeAll(async () => {
    world = await createJupyterWorld();
    lab = await startJupyterLab(world);
    browser = await chromium.launch({
      executablePath: executablePath as string,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
    await world?.dispose();
  }, 60_000);

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
    const notebook = await NotebookPage.open(browser, lab, 'iris.ipynb');
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
    const directory = process.env.SLIPWAY_SCREENSHOTS;
    if (directory !== undefined) await screenshots(page, resolve(projectRoot, directory));
    await notebook.close();
  }, 240_000);

  async function screenshots(page: Page, directory: string): Promise<void> {
    await mkdir(directory, { recursive: true });
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
