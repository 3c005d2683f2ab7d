import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJupyterWorld, type JupyterWorld } from '../support/jupyter.js';
import { nbconvert, outputsOf } from '../support/nbconvert.js';
import { startTestServer, type TestServer } from '../support/server.js';

/** A notebook that prints, shows rich output of many kinds, and ends in an error where asked. */
const CELLS = [
  'import sys\nfor i in range(3):\n    print(i, end="\\r")\nprint()\nprint("to stderr", file=sys.stderr)',
  'from IPython.display import HTML, Markdown, display\ndisplay(HTML("<b>bold</b>"), Markdown("*so*"))',
  'import pandas as pd\npd.DataFrame({"a": [1, 2]})',
  '%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2, 3])',
  'files = !ls -a\n[name for name in files if name.startswith(".slipway")]',
];

describe('notebooks on a server that has only the API of R Server 9.1', () => {
  let server: TestServer;
  let world: JupyterWorld;
  beforeAll(async () => {
    server = await startTestServer({ api: '9.1', embedded: false });
    const made = await createJupyterWorld();
    const login = {
      SLIPWAY_URL: server.url,
      SLIPWAY_USER: 'admin',
      SLIPWAY_PASSWORD: server.password,
    };
    world = { ...made, env: { ...made.env, ...login } };
  }, 30_000);
  afterAll(async () => {
    await world?.dispose();
    await server?.close();
  }, 30_000);

  async function write(name: string, sources: readonly string[]): Promise<void> {
    const notebook = JSON.parse(await readFile(join(world.notebooks, 'iris.ipynb'), 'utf8'));
    const [cell] = notebook.cells.filter(
      (each: { cell_type: string }) => each.cell_type === 'code',
    );
    notebook.cells = sources.map((source, index) => ({
      ...cell,
      id: `cell-${index}`,
      source,
      outputs: [],
    }));
    await writeFile(join(world.notebooks, name), JSON.stringify(notebook));
  }

  it('nbconvert executes the iris walk and keeps its results', async () => {
    const outcome = await nbconvert(world, 'iris.ipynb');
    expect(outcome.status, outcome.stderr).toBe(0);
    const outputs = await outputsOf(world, 'run-iris.ipynb');
    expect(outputs).toContain('/api/Iris/V1.0');
    expect(outputs).toContain('I. versicolor');
    expect(outputs).toContain('A flower with [5.1, 3.5, 1.4, 0.2] is');
  }, 180_000);

  it('nbconvert executes the short notebook, which publishes a function', async () => {
    const outcome = await nbconvert(world, 'iris-short.ipynb');
    expect(outcome.status, outcome.stderr).toBe(0);
    const outputs = await outputsOf(world, 'run-iris-short.ipynb');
    expect(outputs).toContain('versicolor');
    expect(outputs).toContain('The whole session is saved');
  }, 180_000);

  it('rich results of every kind are in the notebook', async () => {
    await write('rich.ipynb', CELLS);
    const outcome = await nbconvert(world, 'rich.ipynb');
    expect(outcome.status, outcome.stderr).toBe(0);
    const { cells } = JSON.parse(await readFile(join(world.notebooks, 'run-rich.ipynb'), 'utf8'));
    const outputs = cells.map((cell: { outputs: { data?: object; name?: string }[] }) =>
      cell.outputs.map(({ data, name }) => name ?? Object.keys(data ?? {}).sort()),
    );
    expect(outputs).toEqual([
      ['stdout', 'stderr'],
      [
        ['text/html', 'text/plain'],
        ['text/markdown', 'text/plain'],
      ],
      [['text/html', 'text/plain']],
      [['text/plain'], ['image/png', 'text/plain']],
      [['text/plain']],
    ]);
    expect(cells.at(-1).outputs[0].data['text/plain']).toEqual(['[]']);
  }, 180_000);

  it.each([
    ['a Python error', '1 / 0', 'ZeroDivisionError'],
    ['a magic’s usage error', '%publish', 'UsageError'],
    ['what such a server cannot do', '%snapshot part --only a', 'API of R Server 9.1'],
  ])(
    'nbconvert fails on %s',
    async (_what, source, named) => {
      await write('failing.ipynb', [source]);
      const outcome = await nbconvert(world, 'failing.ipynb');
      expect(outcome.status).not.toBe(0);
      expect(outcome.stderr).toContain(named);
    },
    120_000,
  );
});
