import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { RServerClient } from '../../src/client/index.js';
import {
  createJupyterWorld,
  type JupyterLab,
  type JupyterWorld,
  projectRoot,
  startJupyterLab,
} from './jupyter.js';
import { NotebookPage, writeNotebook } from './jupyterlab-page.js';
import { findChromium } from './requirements.js';

/** What `runtime.json` says of the embedded server that the kernels of a world share. */
export interface Runtime {
  readonly url: string;
  readonly pid: number;
  readonly username: string;
  readonly password: string;
}

/** A part of a window, in pixels. */
interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A JupyterLab, and a browser to look at it, for the tests of one file. */
export class LabSuite {
  #world: JupyterWorld | undefined;
  #lab: JupyterLab | undefined;
  #browser: Browser | undefined;

  async start(executablePath: string): Promise<void> {
    this.#world = await createJupyterWorld();
    this.#lab = await startJupyterLab(this.#world);
    this.#browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#lab?.stop();
    await this.#world?.dispose();
  }

  get world(): JupyterWorld {
    if (this.#world === undefined) throw new Error('The suite has not been started.');
    return this.#world;
  }

  /** Writes a notebook of these cells and opens it. */
  async write(name: string, cells: readonly string[]): Promise<NotebookPage> {
    await writeNotebook(this.world, `${name}.ipynb`, cells);
    return await this.open(`${name}.ipynb`);
  }

  /** Opens a notebook that is there, in a window of its own. */
  async open(file: string): Promise<NotebookPage> {
    if (this.#browser === undefined || this.#lab === undefined) {
      throw new Error('The suite has not been started.');
    }
    return await NotebookPage.open(this.#browser, this.#lab, file);
  }

  async runtime(): Promise<Runtime> {
    const path = join(this.world.env.SLIPWAY_HOME as string, 'runtime.json');
    return JSON.parse(await readFile(path, 'utf8')) as Runtime;
  }

  /** Ids of the sessions that the server has for its user. */
  async sessions(): Promise<string[]> {
    const { url, username, password } = await this.runtime();
    const client = new RServerClient({
      url,
      credentials: { kind: 'password', username, password },
    });
    return (await client.sessions.list()).map(({ id }) => id);
  }

  /** The content of a notebook as it stands in its file. */
  async saved(file: string): Promise<string> {
    return await readFile(join(this.world.notebooks, file), 'utf8');
  }
}

/**
 * A `describe` whose tests share one JupyterLab and one browser; skipped where no Chromium is,
 * which in CI is a failure.
 */
export function describeInLab(name: string, define: (lab: LabSuite) => void): void {
  const executablePath = findChromium();
  describe.runIf(executablePath !== undefined)(name, () => {
    const lab = new LabSuite();
    beforeAll(() => lab.start(executablePath as string), 120_000);
    afterAll(() => lab.stop(), 60_000);
    define(lab);
  });
}

/** Where `SLIPWAY_SCREENSHOTS` wants pictures, made when it is not there; undefined without it. */
export async function pictureDirectory(): Promise<string | undefined> {
  const wanted = process.env.SLIPWAY_SCREENSHOTS;
  if (wanted === undefined) return undefined;
  const directory = resolve(projectRoot, wanted);
  await mkdir(directory, { recursive: true });
  return directory;
}

/**
 * Keeps pictures of every cell, light and dark, where `SLIPWAY_SCREENSHOTS` names a directory.
 * @param only the cells of the picture, by their numbers, without what is around them
 */
export async function picture(
  { page }: NotebookPage,
  name: string,
  only?: { readonly from: number; readonly to: number },
): Promise<void> {
  const directory = await pictureDirectory();
  if (directory === undefined) return;
  const height = await page
    .locator('.jp-Notebook')
    .evaluate((element) =>
      [...element.querySelectorAll('.jp-Cell')].reduce(
        (sum, { clientHeight }) => sum + clientHeight + 10,
        150,
      ),
    );
  await page.setViewportSize({ width: 1280, height: Math.max(400, height) });
  await page
    .locator('.jp-Notebook .jp-WindowedPanel-outer')
    .evaluate((panel) => panel.scrollTo(0, 0));
  const cells = page.locator('.jp-Notebook .jp-Cell');
  await pictureInBothThemes({ page }, join(directory, name), async () => {
    if (only === undefined) return undefined;
    const first = await cells.nth(only.from).boundingBox();
    const last = await cells.nth(only.to).boundingBox();
    if (first === null || last === null) throw new Error('The cells cannot be seen.');
    return { ...first, height: last.y + last.height - first.y };
  });
  await page.setViewportSize({ width: 1280, height: 1000 });
}

/**
 * Takes `PATH-dark.png` and `PATH-light.png` of the window as it is.
 * @param clip finds the part that is wanted, where it is not the whole
 */
export async function pictureInBothThemes(
  { page }: Pick<NotebookPage, 'page'>,
  path: string,
  clip: () => Promise<Rectangle | undefined> = async () => undefined,
): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await page
      .locator(`body[data-jp-theme-light="${colorScheme === 'light'}"]`)
      .waitFor({ state: 'attached' });
    await page.locator('#jupyterlab-splash').waitFor({ state: 'detached' });
    const part = await clip();
    await page.screenshot({ path: `${path}-${colorScheme}.png`, ...(part && { clip: part }) });
  }
}
