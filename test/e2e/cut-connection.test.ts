import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.js';
import { createJupyterWorld, type JupyterWorld } from '../support/jupyter.js';
import { writeNotebook } from '../support/jupyterlab-page.js';
import { runIn, venv } from '../support/nbconvert.js';
import { startTestServer, type TestServer } from '../support/server.js';

/** Milliseconds between two cuts. */
const CUT_INTERVAL = 200;

/**
 * Thirty seconds of output of every kind, the same each time. Where stdout and stderr alternate
 * they are flushed, since ipykernel sends each when it comes to it.
 */
const CELLS = [
  'import sys, time\nimport matplotlib.pyplot as plt\nfrom IPython.display import HTML, Markdown, clear_output, display',
  [
    'for i in range(100):',
    '    print("line", i, "." * (i * 37 % 500), flush=i % 9 == 0)',
    '    if i % 9 == 0: print("warning", i, file=sys.stderr, flush=True)',
    '    time.sleep(0.09)',
    'i',
  ].join('\n'),
  [
    'for i in range(12):',
    '    plt.figure(figsize=(3, 2)); plt.plot([0, i, 3]); plt.title(f"plot {i}"); plt.show()',
    '    display({"image/png": "x" * 300_000, "text/plain": f"picture {i}"}, raw=True)',
    '    time.sleep(0.5)',
  ].join('\n'),
  [
    'handles = [display(f"bar {n}", display_id=True) for n in range(3)]',
    'for i in range(80):',
    '    handles[i % 3].update(HTML(f"<b>bar {i % 3}: {i}</b>"))',
    '    if i % 20 == 0: display(Markdown(f"*step {i}*"))',
    '    time.sleep(0.09)',
  ].join('\n'),
  [
    'for i in range(60):',
    '    clear_output(wait=True)',
    '    print("only", i)',
    '    display({"text/plain": f"state {i}"}, raw=True)',
    '    time.sleep(0.08)',
  ].join('\n'),
  'for i in range(20_000): print(i)',
  'handles[0].update("from another cell")\n{"the": "end", "i": i}',
];

describe('a notebook whose connection to the server is cut five times a second', () => {
  let world: JupyterWorld;
  let server: TestServer;
  let proxy: CuttingProxy;

  beforeAll(async () => {
    world = await createJupyterWorld();
    server = await startTestServer({ warmSessions: 2 });
    proxy = await startCuttingProxy(server.url);
    for (const name of ['whole', 'cut']) await writeNotebook(world, `${name}.ipynb`, CELLS);
  }, 60_000);

  afterAll(async () => {
    await proxy?.close();
    await server?.close();
    await world?.dispose();
  }, 60_000);

  /** Runs a notebook by nbconvert against the server at `url`; returns it as it was saved. */
  async function run(name: string, url: string): Promise<string> {
    const env = { ...world.env, SLIPWAY_URL: url, SLIPWAY_TOKEN: server.token };
    const outcome = await runIn({ ...world, env }, venv('jupyter'), [
      ...['nbconvert', '--to', 'notebook', '--execute', '--inplace', `${name}.ipynb`],
      '--ExecutePreprocessor.record_timing=False',
    ]);
    expect(outcome.status, outcome.stderr).toBe(0);
    const saved = JSON.parse(await readFile(join(world.notebooks, `${name}.ipynb`), 'utf8'));
    for (const cell of saved.cells) cell.outputs = joinStreams(cell.outputs);
    // A kernel whose session takes longer than 5 s to start says that its Python is a 3.
    delete saved.metadata.language_info.version;
    return JSON.stringify(saved);
  }

  it('is in the end, byte for byte, what it is without a cut', async () => {
    const uncut = run('whole', server.url);
    const cutting = setInterval(() => proxy.cut(), CUT_INTERVAL);
    const cut = run('cut', proxy.url).finally(() => clearInterval(cutting));
    const [expected, actual] = await Promise.all([uncut, cut]);
    expect(expected).toContain('only 59');
    expect(expected).toContain('warning 99');
    expect(expected).toContain('from another cell');
    expect(actual === expected, firstDifference(actual, expected)).toBe(true);
    expect(proxy.cuts).toBeGreaterThan(60);
  }, 240_000);
});

interface Output {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: readonly string[];
}

/**
 * Makes one of stream outputs that follow each other: in how many pieces a print arrives depends on
 * the moment at which the session sends it, with and without cuts.
 */
function joinStreams(outputs: readonly Output[]): Output[] {
  const joined: Output[] = [];
  for (const output of outputs) {
    const last = joined.at(-1);
    if (
      output.output_type === 'stream' &&
      last?.output_type === 'stream' &&
      last.name === output.name
    ) {
      joined[joined.length - 1] = { ...last, text: [...(last.text ?? []), ...(output.text ?? [])] };
    } else {
      joined.push(output);
    }
  }
  return joined.map((output) =>
    output.text === undefined ? output : { ...output, text: [output.text.join('')] },
  );
}

/** Where two texts part, in few words; the texts are too long to be shown. */
function firstDifference(actual: string, expected: string): string {
  let at = 0;
  while (at < expected.length && actual[at] === expected[at]) at++;
  const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 200), at + 200));
  return `at ${at} of ${expected.length}: ${around(actual)} instead of ${around(expected)}`;
}
