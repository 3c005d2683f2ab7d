import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { type Exchange, type KernelProcess, startKernel } from '../support/kernel.js';

/** How the Jupyter extension of VS Code sends what the user is not to see. */
const HIDDEN = { silent: false, store_history: false, stop_on_error: false, allow_stdin: true };

/** It gives cells the names that its debugger expects, by a wrapper around the shell's method. */
const WRAP_RUN_CELL = `
import os
import types

from IPython import get_ipython

def _VSCODE_wrap(method):
    inner = method.__func__
    def wrapper(*args, **kwargs):
        stored = args[2] if len(args) > 2 else kwargs["store_history"]
        if stored:
            os.environ["IPYKERNEL_CELL_NAME"] = f"<ipython-input-{args[0].execution_count}-0123>"
        result = inner(*args, **kwargs)
        if stored:
            del os.environ["IPYKERNEL_CELL_NAME"]
        return result
    return types.MethodType(wrapper, method.__self__)

get_ipython().run_cell = _VSCODE_wrap(get_ipython().run_cell)
`;

/** It asks for the variables by functions that it defines, calls and removes. */
const VARIABLES = `
import json as _VSCODE_json
def _VSCODE_variables():
    own = lambda name: name.startswith("_") or name in ("In", "Out", "exit", "quit", "get_ipython")
    return [{"name": n, "type": type(v).__name__} for n, v in globals().items() if not own(n)]
print(_VSCODE_json.dumps(_VSCODE_variables()))
del _VSCODE_variables, _VSCODE_json
`;

let server: EmbeddedServer;
let kernel: KernelProcess;

beforeAll(async () => {
  server = await startEmbeddedServer();
  kernel = await startKernel(server.env);
});
afterAll(async () => {
  await kernel?.stop();
  await server?.stop();
});

/** What a client may show of a cell. */
function shown({ published }: Exchange): string[] {
  return published
    .map(({ type }) => type)
    .filter((type) => type !== 'status' && type !== 'execute_input');
}

describe('VS Code', () => {
  it.each([
    [
      'names the notebook',
      'if "__vsc_ipynb_file__" not in globals():\n    __vsc_ipynb_file__ = "/tmp/a.ipynb"',
    ],
    [
      'adds its helpers to the path',
      'import sys\nif "/tmp/helpers" not in sys.path: sys.path.append("/tmp/helpers")',
    ],
    ['goes to the notebook’s folder', 'import os\nos.chdir(os.getcwd())'],
    ['asks for plots inline', 'get_ipython().run_line_magic("matplotlib", "inline")'],
    ['asks for sharper plots', '%config InlineBackend.figure_formats = {"svg", "png"}'],
    ['wraps the method that runs cells', WRAP_RUN_CELL],
  ])('%s unseen, and counts no cell', async (_what, code) => {
    const before = await kernel.client.execute('0');
    const hidden = await kernel.client.execute(code, HIDDEN);
    expect(hidden.reply.content.status).toBe('ok');
    expect(shown(hidden)).toEqual([]);
    const after = await kernel.client.execute('0');
    expect(after.reply.content.execution_count).toBe(before.reply.content.execution_count + 1);
  });

  it('runs the user’s cells through its wrapper, with and without magics', async () => {
    const { reply } = await kernel.client.execute('1 / 0');
    expect(reply.content.traceback.at(-1)).toContain('division by zero');
    const status = await kernel.client.execute('x = 6\n%status\nprint(x * 7)');
    expect(status.reply.content.status).toBe('ok');
    expect(shown(status)).toEqual(['display_data', 'stream']);
  });

  it('lists the variables', async () => {
    await kernel.client.execute('size = 12\nwords = ["a"]');
    const { published } = await kernel.client.execute(VARIABLES, HIDDEN);
    const text = published.find(({ type }) => type === 'stream')?.content.text;
    expect(JSON.parse(text)).toEqual(
      expect.arrayContaining([
        { name: 'size', type: 'int' },
        { name: 'words', type: 'list' },
      ]),
    );
  });

  it('stops no cell of the user’s when a hidden one fails', async () => {
    const failing = kernel.client.execute('raise ValueError("hidden")', HIDDEN);
    const cell = kernel.client.execute('print("runs")');
    expect((await failing).reply.content.status).toBe('error');
    expect((await cell).reply.content.status).toBe('ok');
  });

  it('leaves nothing of its own in the history', async () => {
    const { reply } = await kernel.client.request('history_request', {
      ...{ hist_access_type: 'tail', n: 100, raw: true, output: false },
    });
    const sources = reply.content.history.map(([, , source]: [number, number, string]) => source);
    expect(sources).toContain('size = 12\nwords = ["a"]');
    expect(sources.filter((source: string) => /VSCODE|__vsc_/.test(source))).toEqual([]);
  });
});
