import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BareServer, startBareServer } from '../support/bare-server.js';
import { type Exchange, type KernelProcess, startKernel } from '../support/kernel.js';

/** What was published, streams as their names and texts. */
function outputs({ published }: Exchange): unknown[] {
  return published
    .filter(({ type }) => type !== 'status' && type !== 'execute_input')
    .map(({ type, content }) => (type === 'stream' ? [content.name, content.text] : type));
}

describe('the kernel on a server whose Python has neither Jupyter nor IPython', () => {
  let server: BareServer;
  let kernel: KernelProcess;
  beforeAll(async () => {
    server = await startBareServer();
    kernel = await startKernel({
      SLIPWAY_URL: server.url,
      SLIPWAY_USER: 'admin',
      SLIPWAY_PASSWORD: 'secret',
    });
  }, 30_000);
  afterAll(async () => {
    await kernel?.stop();
    await server?.close();
  });

  const run = (code: string, content?: object) => kernel.client.execute(code, content);

  it('runs cells, and tells printed text, warnings, displays and results in order', async () => {
    const exchange = await run(
      'import sys\nprint("é😀")\nprint("w", file=sys.stderr)\ndisplay([1])\nprint("b", end="")\n40 + 2',
    );
    expect(outputs(exchange)).toEqual([
      // Its console has the line ends of Windows.
      ['stdout', 'é😀\r\n'],
      ['stderr', 'w\n'],
      'display_data',
      ['stdout', 'b'],
      'execute_result',
    ]);
    expect(exchange.reply.content).toMatchObject({ status: 'ok', execution_count: 1 });
    expect(JSON.stringify((await run('_, Out[1]')).published)).toContain('(42, 42)');
  });

  it('shows what a cell prints while it runs, and interrupts it', async () => {
    const id = await kernel.client.sendCell(
      'import time\nprint("early", flush=True)\ntime.sleep(60)',
    );
    await kernel.client.next(
      ({ type, parent, content }) =>
        type === 'stream' && parent.msg_id === id && content.text === 'early\r\n',
    );
    await kernel.client.request('interrupt_request', {}, { channel: 'control' });
    const { reply } = await kernel.client.exchange(id);
    expect(reply.content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    expect(reply.content.traceback.join('\n')).toContain('time.sleep(60)');
  });

  it('shows errors with the lines of their cells', async () => {
    await run('def fail():\n    raise ValueError("no")');
    const { reply } = await run('fail()');
    expect(reply.content).toMatchObject({ status: 'error', ename: 'ValueError', evalue: 'no' });
    expect(reply.content.traceback.join('\n')).toMatch(/Cell In\[\d+\].*raise ValueError/s);
  });

  it('shows plots, and large displays by way of a file', async () => {
    const plotted = await run('import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()');
    const [plot] = plotted.published.filter(({ type }) => type === 'display_data');
    expect(plot?.content.data['image/png']).toMatch(/^iVBORw0KGgo/);
    const large = await run(
      'display("x" * 200_000)\nimport os\n[f for f in os.listdir() if "slipway" in f]',
    );
    const [display] = large.published.filter(({ type }) => type === 'display_data');
    expect(display?.content.data['text/plain']).toHaveLength(200_002);
    const listed = await run('[f for f in os.listdir() if "slipway" in f]');
    expect(JSON.stringify(listed.published)).toContain('"text/plain":"[]"');
  }, 60_000);

  it('completes and inspects by what Python itself has', async () => {
    await run('meadow = {"rose": 1}');
    const completed = await kernel.client.request('complete_request', {
      code: 'meadow.ke',
      cursor_pos: 9,
    });
    expect(completed.reply.content.matches).toEqual(['meadow.keys']);
    const inspected = await kernel.client.request('inspect_request', {
      code: 'print(',
      cursor_pos: 6,
      detail_level: 0,
    });
    expect(inspected.reply.content.data['text/plain']).toContain('Docstring');
  });

  it('says that its language is Python, without what IPython adds', async () => {
    const { reply } = await kernel.client.request('kernel_info_request', {});
    expect(reply.content.language_info).toMatchObject({
      name: 'python',
      pygments_lexer: 'python3',
    });
    const magic = await run('%time 1');
    expect(magic.reply.content).toMatchObject({ status: 'error', ename: 'SyntaxError' });
  });

  it('goes on in a fresh session when the server has lost the one', async () => {
    server.loseSessions();
    const failed = await run('meadow');
    expect(failed.reply.content).toMatchObject({ status: 'error', ename: 'SessionEnded' });
    expect(outputs(await run('print("fresh")'))).toEqual([
      ['stderr', expect.stringContaining('without the variables of the old one')],
      ['stdout', 'fresh\r\n'],
    ]);
  });
});
