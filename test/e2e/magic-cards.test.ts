import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createJupyterWorld,
  type JupyterLab,
  type JupyterWorld,
  projectRoot,
  startJupyterLab,
} from '../support/jupyter.js';
import { NotebookPage, writeNotebook } from '../support/jupyterlab-page.js';
import { findChromium } from '../support/requirements.js';

const executablePath = findChromium();
const run = promisify(execFile);

const SETUP = `import threading
lock = threading.Lock()
factor = 3.0
sizes = {"small": 1, "名前": 2}
def price(weight: float, express: bool = False, note="") -> float:
    """What a parcel costs.

    By weight, in kilograms.
    """
    return weight * factor * (2 if express else 1)
open("notes.txt", "w").write("hello")
from pathlib import Path
row = [7, 3.2]`;

const FRAME = `%%publish Frame V1 --in n:integer --out table:data.frame --out total:numeric --files plot.png
import base64
table = {"city": ["Zürich", "東京", "A city with a rather long name"], "price": [1.5, 22.25, 300.0]}
total = 3.5 * n
open("plot.png", "wb").write(base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6oAAAAAElFTkSuQmCC"))`;

/** A cell for every card that there is, in the states that look different. */
const CELLS = [
  SETUP,
  '%connect',
  '%publish price Price V1.0 --description "A description that goes on and on, long enough to be broken into several lines in any window: it tells what the service does, for whom, and why."',
  '%publish price Price V1.0 --description "A description that goes on and on, long enough to be broken into several lines in any window: it tells what the service does, for whom, and why."',
  FRAME,
  '%consume Price V1.0 weight=2 express=True note="x"',
  '%consume Frame V1 n=2',
  '%services',
  '%service Price V1.0',
  '%swagger Price V1.0',
  '%snapshot "Everything that there is"',
  '%snapshot list',
  '%snapshot show "Everything that there is"',
  '%files',
  '%workspace',
  '%session keep 2h',
  '%session',
  '%status',
  '%help',
  '%help publish',
  '%%publish Slow V1 --in x:numeric --out y:numeric\nimport time; time.sleep(2); y = x',
  '%consume Slow V1 x=1',
  '%session close',
  '%session',
] as const;

/** A text whose colour is too near to what is behind it, or that is cut off. */
interface Illegible {
  readonly text: string;
  readonly why: string;
}

/** Looks for what cannot be read in the cards of a page. Runs in the browser. */
function findIllegible(): Illegible[] {
  type Colour = readonly [number, number, number, number];
  const parse = (text: string): Colour => {
    const numbers = (text.match(/[\d.]+/g) ?? []).map(Number);
    const scale = text.startsWith('color(') ? 255 : 1;
    const [r = 0, g = 0, b = 0, a = 1] = numbers;
    return [r * scale, g * scale, b * scale, a];
  };
  const over = (front: Colour, back: Colour): Colour => {
    const mix = (index: 0 | 1 | 2) => front[index] * front[3] + back[index] * (1 - front[3]);
    return [mix(0), mix(1), mix(2), 1];
  };
  const backgroundOf = (element: Element | null): Colour => {
    if (element === null) return [255, 255, 255, 1];
    const own = parse(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, backgroundOf(element.parentElement));
  };
  const luminance = ([r, g, b]: Colour) => {
    const [red = 0, green = 0, blue = 0] = [r, g, b].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const found: Illegible[] = [];
  for (const card of document.querySelectorAll('.slipway')) {
    for (const element of [card, ...card.querySelectorAll('*')]) {
      const text = [...element.childNodes]
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.textContent?.trim() ?? '')
        .join('');
      if (text === '') continue;
      const background = backgroundOf(element);
      const colour = over(parse(getComputedStyle(element).color), background);
      const [light, dark] = [luminance(colour), luminance(background)].sort((a, b) => b - a);
      const contrast = ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
      if (contrast < 4.5) found.push({ text, why: `contrast ${contrast.toFixed(2)}` });
    }
    const room = card.closest('.jp-OutputArea-output') ?? card.parentElement ?? card;
    if (card.getBoundingClientRect().right > room.getBoundingClientRect().right + 1) {
      found.push({ text: card.textContent?.slice(0, 60) ?? '', why: 'wider than the notebook' });
    }
  }
  return found;
}

describe.runIf(executablePath !== undefined)('the cards of magics', () => {
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

  it.each(['light', 'dark'] as const)(
    'can be read in JupyterLab, %s',
    async (theme) => {
      await writeNotebook(world, `cards-${theme}.ipynb`, CELLS);
      const notebook = await NotebookPage.open(browser, lab, `cards-${theme}.ipynb`, theme);
      const { page } = notebook;
      expect(await page.evaluate(() => document.body.dataset.jpThemeLight)).toBe(
        String(theme === 'light'),
      );
      await notebook.runAll();
      await notebook.finished(CELLS.length - 1);
      expect(await page.locator('.slipway').count()).toBeGreaterThanOrEqual(CELLS.length - 2);
      for (const summary of await page.locator('.slipway summary').all()) await summary.click();
      await screenshots(page, theme);
      expect(await page.evaluate(findIllegible)).toEqual([]);
      await notebook.close();
    },
    240_000,
  );

  it('come by Tab, from the first letters to the inputs of a service, and by Shift-Tab with help', async () => {
    await writeNotebook(world, 'typing.ipynb', [
      'def double(x: float) -> float:\n    return 2 * x\n%publish double Double V1',
      '',
    ]);
    const notebook = await NotebookPage.open(browser, lab, 'typing.ipynb');
    const { page } = notebook;
    await notebook.run(0);
    await notebook.edit(1);
    const source = () => notebook.cell(1).locator('.cm-content').innerText();
    const complete = async (typed: string, offered: string) => {
      await page.keyboard.type(typed);
      await page.keyboard.press('Tab');
      const item = page.locator('.jp-Completer-item', { hasText: offered }).first();
      // The only match is put in at once, without a list to choose from.
      await expect
        .poll(async () => (await item.isVisible()) || (await source()).endsWith(offered))
        .toBe(true);
      if (await item.isVisible()) await page.keyboard.press('Enter');
      await expect.poll(source).toContain(offered);
    };
    await complete('%cons', '%consume');
    await complete(' Dou', 'Double');
    await complete(' V', 'V1');
    await complete(' ', 'x=');
    await page.keyboard.type('4');
    expect(await source()).toBe('%consume Double V1 x=4');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+Tab');
    const help = page.locator('.jp-Tooltip');
    await help.waitFor();
    expect(await help.innerText()).toContain('Calls a web service with values from this session.');
    if (process.env.SLIPWAY_SCREENSHOTS !== undefined) {
      await page.screenshot({
        path: resolve(projectRoot, process.env.SLIPWAY_SCREENSHOTS, 'magic-help.png'),
      });
    }
    await page.keyboard.press('Escape');
    expect(await notebook.run(1)).toContain('8.0');
    await notebook.close();
  }, 120_000);

  it('can be read in pages that nbconvert writes, light and dark', async () => {
    await writeNotebook(world, 'cards.ipynb', CELLS);
    const nbconvert = (...args: string[]) =>
      run(join(projectRoot, '.venv/bin/jupyter'), ['nbconvert', ...args], {
        cwd: world.notebooks,
        env: world.env,
      });
    await nbconvert('--execute', '--to', 'notebook', '--output', 'cards-run.ipynb', 'cards.ipynb');
    for (const theme of ['light', 'dark']) {
      const name = `cards-${theme}`;
      await nbconvert('--to', 'html', '--theme', theme, '--output', name, 'cards-run.ipynb');
      const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
      await page.goto(pathToFileURL(join(world.notebooks, `${name}.html`)).href);
      for (const summary of await page.locator('.slipway summary').all()) await summary.click();
      await screenshots(page, `nbconvert-${theme}`);
      expect(await page.evaluate(findIllegible)).toEqual([]);
      await page.close();
    }
  }, 240_000);
});

/** Where `SLIPWAY_SCREENSHOTS` asks for pictures: one of each cell. */
async function screenshots(page: Page, prefix: string): Promise<void> {
  if (process.env.SLIPWAY_SCREENSHOTS === undefined) return;
  const directory = resolve(projectRoot, process.env.SLIPWAY_SCREENSHOTS, 'cards');
  await mkdir(directory, { recursive: true });
  for (const [index, cell] of (await page.locator('.jp-CodeCell').all()).entries()) {
    await cell.screenshot({ path: join(directory, `${prefix}-${index}.png`) });
  }
}
