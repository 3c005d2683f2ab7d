import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import type { JupyterLab, JupyterWorld } from './jupyter.js';

/** Writes a notebook of these code cells for the Slipway kernel. */
export async function writeNotebook(
  world: JupyterWorld,
  name: string,
  sources: readonly string[],
): Promise<void> {
  const notebook = {
    cells: sources.map((source, index) => ({
      cell_type: 'code',
      id: `cell-${index}`,
      execution_count: null,
      metadata: {},
      outputs: [],
      source,
    })),
    metadata: { kernelspec: { name: 'slipway', display_name: 'Slipway', language: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  await writeFile(join(world.notebooks, name), JSON.stringify(notebook));
}

/** What a person does with a notebook in JupyterLab, and sees in it. */
export class NotebookPage {
  private constructor(readonly page: Page) {}

  /** Opens a notebook in a window of its own and waits until its kernel is connected and idle. */
  static async open(
    browser: Browser,
    lab: JupyterLab,
    name: string,
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<NotebookPage> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, colorScheme });
    // A workspace of its own: one that is loaded again opens what was open in it, and only that.
    await page.goto(`${lab.url}/lab/workspaces/${randomUUID()}/tree/${name}`);
    const notebook = new NotebookPage(page);
    await notebook.cell(0).waitFor({ timeout: 60_000 });
    await notebook.waitForKernel('Idle');
    return notebook;
  }

  /** A code cell, counted from 0. */
  cell(index: number): Locator {
    return this.page.locator('.jp-Notebook .jp-CodeCell').nth(index);
  }

  /** Everything below a cell. */
  output(index: number): Locator {
    return this.cell(index).locator('.jp-Cell-outputArea');
  }

  /** The number of a cell as its prompt shows it; NaN while it runs, or when it never did. */
  async number(index: number): Promise<number> {
    const prompt = await this.cell(index).locator('.jp-InputPrompt').innerText();
    return Number(/^\[(\d+)\]:$/.exec(prompt)?.[1] ?? Number.NaN);
  }

  /** Puts the cursor into a cell. */
  async edit(index: number): Promise<void> {
    await this.cell(index).locator('.cm-content').click();
  }

  /** Runs a cell with the keyboard; returns as soon as it runs. */
  async start(index: number): Promise<void> {
    await this.edit(index);
    await this.page.keyboard.press('Control+Enter');
    await this.#prompt(index, '*');
  }

  /** Runs a cell and waits for its end; returns the text below it. */
  async run(index: number): Promise<string> {
    await this.edit(index);
    await this.page.keyboard.press('Control+Enter');
    return await this.finished(index);
  }

  /** Waits until a cell has its number; returns the text below it. */
  async finished(index: number): Promise<string> {
    await this.waitForKernel('Idle');
    await this.#prompt(index, '\\d+');
    return await this.output(index).innerText();
  }

  /** Writes other source into a cell. */
  async replace(index: number, source: string): Promise<void> {
    await this.edit(index);
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(source);
  }

  /** Chooses an entry of the menu bar: `choose('Kernel', 'kernelmenu:restart')`. */
  async choose(menu: string, command: string): Promise<void> {
    await this.page.locator(`.lm-MenuBar-item:has-text("${menu}")`).click();
    await this.page.locator(`.lm-Menu-item[data-command="${command}"]`).click();
  }

  runAll(): Promise<void> {
    return this.choose('Run', 'runmenu:run-all');
  }

  /** Says yes in the dialog that is open. */
  async accept(): Promise<void> {
    await this.page.locator('.jp-Dialog .jp-mod-accept').click();
  }

  /** Waits for what the kernel's indicator says. */
  async waitForKernel(status: 'Idle' | 'Busy'): Promise<void> {
    // The status bar tells of a connected kernel; the toolbar's sign begins as that of an idle one.
    await this.page
      .locator('#jp-main-statusbar', { hasText: `Slipway (Python) | ${status}` })
      .waitFor({ timeout: 60_000 });
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  async #prompt(index: number, pattern: string): Promise<void> {
    await this.page.waitForFunction(
      ([wanted, number]) => {
        const prompts = document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt');
        const text = prompts[number as number]?.textContent ?? '';
        return new RegExp(`^\\[${wanted === '*' ? '\\*' : wanted}\\]:$`).test(text);
      },
      [pattern, index] as const,
      { timeout: 30_000 },
    );
  }
}
