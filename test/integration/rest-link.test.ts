import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Exchange, type KernelProcess, startKernel } from '../support/kernel.js';
import { startTestServer, type TestServer } from '../support/server.js';

/** All that was printed to a stream. */
function printed({ published }: Exchange, name: string): string {
  const streams = published.filter(
    ({ type, content }) => type === 'stream' && content.name === name,
  );
  return streams.map(({ content }) => content.text).join('');
}

/** The types of what was published, streams that follow each other told once. */
function kinds({ published }: Exchange): string[] {
  const types = published.map(({ type, content }) => (type === 'stream' ? content.name : type));
  return types.filter((type, index) => type !== 'status' && type !== types[index - 1]);
}

describe('the kernel on a server that has only the API of R Server 9.1', () => {
  let server: TestServer;
  let kernel: KernelProcess;
  beforeAll(async () => {
    server = await startTestServer({ api: '9.1', embedded: false });
    kernel = await startKernel({
      SLIPWAY_URL: server.url,
      SLIPWAY_USER: 'admin',
      SLIPWAY_PASSWORD: server.password,
    });
  }, 60_000);
  afterAll(async () => {
    await kernel?.stop();
    await server?.close();
  });
  beforeEach(() => {
    expect(kernel.stderr).toBe('');
  });

  const run = (code: string, content?: object) => kernel.client.execute(code, content);

  it('runs cells and numbers their results', async () => {
    const first = await run('x = 20\nx + 22');
    expect(kinds(first)).toEqual(['execute_input', 'execute_result']);
    const [result] = first.published.filter(({ type }) => type === 'execute_result');
    expect(result?.content).toMatchObject({ execution_count: 1, data: { 'text/plain': '42' } });
    expect(first.reply.content).toMatchObject({ status: 'ok', execution_count: 1 });
    expect(first.reply.content).not.toHaveProperty('names');
    const second = await run('_, Out[1], In[1]');
    expect(second.reply.content.execution_count).toBe(2);
    expect(JSON.stringify(second.published)).toContain("(42, 42, 'x = 20\\\\nx + 22')");
  });

  it('shows what a cell prints while it runs', async () => {
    const id = await kernel.client.sendCell(
      'import time\nprint("early")\nwhile not __import__("os").path.exists("go"): time.sleep(.01)',
    );
    await kernel.client.next(
      ({ type, parent, content }) =>
        type === 'stream' && parent.msg_id === id && content.text === 'early\n',
    );
    const { sessionId } = await only(server);
    const form = new FormData();
    form.set('file', new Blob(['']), 'go');
    await server.request('POST', `/sessions/${sessionId}/files`, { body: form });
    const whole = await kernel.client.exchange(id);
    expect(printed(whole, 'stdout')).toBe('early\n');
    expect(whole.reply.content.status).toBe('ok');
  });

  it('keeps text, displays and both streams in order', async () => {
    const exchange = await run(
      'import sys\nfrom IPython.display import display, HTML\nprint("a")\nprint("b", file=sys.stderr)\ndisplay(HTML("<b>c</b>"))\nprint("d")\n5',
    );
    expect(kinds(exchange)).toEqual([
      ...['execute_input', 'stdout', 'stderr', 'display_data', 'stdout', 'execute_result'],
    ]);
    const [html] = exchange.published.filter(({ type }) => type === 'display_data');
    expect(html?.content.data['text/html']).toBe('<b>c</b>');
  });

  it('loses and repeats nothing of much output, carriage returns and Unicode included', async () => {
    const exchange = await run(
      'import time\nfor i in range(30000):\n    print(i, "äé😀", end="\\r\\n" if i % 7 else "\\r")\n    if i % 3000 == 0: time.sleep(.1)',
    );
    const expected = Array.from(
      { length: 30_000 },
      (_, i) => `${i} äé😀${i % 7 ? '\r\n' : '\r'}`,
    ).join('');
    expect(printed(exchange, 'stdout') === expected).toBe(true);
  }, 60_000);

  it('says what is missing when more is printed at once than the server keeps', async () => {
    const exchange = await run('print("first")\nprint("y" * 20_000_000 + "\\nend")');
    expect(printed(exchange, 'stdout')).toMatch(/end\n$/);
    expect(printed(exchange, 'stderr')).toContain('some of the output is missing');
    expect(exchange.reply.content.status).toBe('ok');
  }, 60_000);

  it('shows large displays, and leaves no file of them', async () => {
    const exchange = await run(
      'display({"text/plain": "z" * 3_000_000}, raw=True)\nprint("after")',
    );
    const [shown] = exchange.published.filter(({ type }) => type === 'display_data');
    expect(shown?.content.data['text/plain']).toHaveLength(3_000_000);
    expect(kinds(exchange)).toEqual(['execute_input', 'display_data', 'stdout']);
    const { sessionId } = await only(server);
    const files = await server.request('GET', `/sessions/${sessionId}/files`);
    expect(files.text).not.toContain('.slipway');
  });

  it('shows plots at the end of the cell', async () => {
    const exchange = await run('import matplotlib.pyplot as plt\nplt.plot([1, 2]);');
    const [plot] = exchange.published.filter(({ type }) => type === 'display_data');
    expect(plot?.content.data['image/png']).toMatch(/^iVBORw0KGgo/);
  }, 60_000);

  it('updates and clears displays', async () => {
    const exchange = await run(
      'from IPython.display import clear_output\nh = display(1, display_id="one")\nh.update(2)\nclear_output(wait=True)',
    );
    expect(kinds(exchange)).toEqual([
      ...['execute_input', 'display_data', 'update_display_data', 'clear_output'],
    ]);
    const shown = exchange.published.filter(({ content }) => content.transient !== undefined);
    expect(shown.map(({ content }) => content.transient)).toEqual([
      { display_id: 'one' },
      { display_id: 'one' },
    ]);
  });

  it('shows errors with the traceback of IPython', async () => {
    await run('def fail():\n    raise ValueError("no")');
    const exchange = await run('fail()');
    expect(kinds(exchange)).toEqual(['execute_input', 'error']);
    const [error] = exchange.published.filter(({ type }) => type === 'error');
    expect(error?.content).toMatchObject({ ename: 'ValueError', evalue: 'no' });
    const text = error?.content.traceback.join('\n');
    expect(text).toMatch(/Cell.*In\[\d+\]/);
    expect(text).toContain('raise');
    expect(text).not.toContain('slipway_rest');
    expect(exchange.reply.content).toMatchObject({ status: 'error', ename: 'ValueError' });
  });

  it('runs the magics and commands of IPython', async () => {
    const exchange = await run('!echo shell\n%time y = 1\nprint(y)');
    expect(printed(exchange, 'stdout')).toMatch(/^shell\r?\n.*Wall time.*1\n$/s);
    const page = await run('print?');
    expect(page.reply.content.payload[0]).toMatchObject({ source: 'page' });
  });

  it('does not run the rest of the queue after an error', async () => {
    const failing = kernel.client.sendCell('1/0');
    const next = kernel.client.sendCell('print("never")');
    expect((await kernel.client.exchange(await failing)).reply.content.status).toBe('error');
    expect((await kernel.client.exchange(await next)).reply.content.status).toBe('aborted');
  });

  it('keeps quiet in silent cells, and the count in those without history', async () => {
    const before = (await run('1')).reply.content.execution_count;
    expect(kinds(await run('1', { silent: true }))).toEqual([]);
    await run('1', { store_history: false });
    expect((await run('1')).reply.content.execution_count).toBe(before + 1);
  });

  it('evaluates user expressions', async () => {
    const { reply } = await run('z = 3', { user_expressions: { ok: 'z', bad: 'nowhere' } });
    expect(reply.content.user_expressions).toMatchObject({
      ok: { status: 'ok', data: { 'text/plain': '3' } },
      bad: { status: 'error', ename: 'NameError' },
    });
  });

  it('interrupts a cell, and the next one runs', async () => {
    const id = await kernel.client.sendCell('import time\ntime.sleep(60)');
    const interrupt = await kernel.client.request('interrupt_request', {}, { channel: 'control' });
    expect(interrupt.reply.content.status).toBe('ok');
    const { reply } = await kernel.client.exchange(id);
    expect(reply.content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    expect(printed(await run('print("on")'), 'stdout')).toBe('on\n');
  });

  it('completes, inspects and judges code between cells', async () => {
    await run('import os\nbouquet = {"rose": 1}');
    const completed = await kernel.client.request('complete_request', {
      code: 'os.path.joi',
      cursor_pos: 11,
    });
    expect(completed.reply.content).toMatchObject({
      status: 'ok',
      matches: expect.arrayContaining([expect.stringContaining('join')]),
    });
    const inspected = await kernel.client.request('inspect_request', {
      code: 'os.path.join',
      cursor_pos: 12,
      detail_level: 0,
    });
    expect(inspected.reply.content.found).toBe(true);
    expect(inspected.reply.content.data['text/plain']).toContain('Signature');
    const judged = await kernel.client.request('is_complete_request', { code: 'for i in x:' });
    expect(judged.reply.content).toEqual({ status: 'incomplete', indent: '    ' });
  });

  it('answers at once while a cell runs, with the names that it knows', async () => {
    await run('meadow = 1');
    const id = await kernel.client.sendCell('import time\ntime.sleep(60)');
    const completed = await kernel.client.request('complete_request', {
      code: 'mead',
      cursor_pos: 4,
    });
    expect(completed.reply.content).toMatchObject({ matches: ['meadow'], cursor_start: 0 });
    const inspected = await kernel.client.request('inspect_request', {
      code: 'meadow',
      cursor_pos: 3,
      detail_level: 0,
    });
    expect(inspected.reply.content).toMatchObject({ status: 'ok', found: false });
    await kernel.client.request('interrupt_request', {}, { channel: 'control' });
    await kernel.client.exchange(id);
  });

  it('remembers the history of its cells', async () => {
    await run('needle = 1');
    const { reply } = await kernel.client.request('history_request', {
      hist_access_type: 'search',
      pattern: 'needle*',
      n: 5,
      output: false,
      raw: true,
    });
    expect(reply.content.history).toEqual([[1, expect.any(Number), 'needle = 1']]);
  });

  it('tells the language of the session and offers nothing that cannot work', async () => {
    const { reply } = await kernel.client.request('kernel_info_request', {});
    expect(reply.content).toMatchObject({
      status: 'ok',
      language_info: { name: 'python', version: expect.stringMatching(/^3\.\d+\.\d+/) },
      supported_features: [],
    });
  });

  it('says why there is no input, no await and no widget', async () => {
    const asking = await run('input("name? ")', { allow_stdin: true });
    expect(asking.reply.content).toMatchObject({
      ename: 'StdinNotImplementedError',
      evalue: expect.stringContaining('cannot ask for input'),
    });
    const awaiting = await run('import asyncio\nawait asyncio.sleep(0)');
    expect(awaiting.reply.content).toMatchObject({ ename: 'TopLevelAwaitError' });
    const id = await kernel.client.send('comm_open', {
      comm_id: 'c1',
      target_name: 'jupyter.widget',
      data: {},
    });
    await kernel.client.idle(id);
    expect(
      kernel.client.publishedFor(id).find(({ type }) => type === 'comm_close')?.content,
    ).toEqual({ comm_id: 'c1', data: {} });
  });

  it.each(['usage_request', 'create_subshell_request'])('answers %s with why not', async (type) => {
    const { reply } = await kernel.client.request(type, {}, { channel: 'control' });
    expect(reply.content).toMatchObject({ status: 'error', ename: 'NotSupportedByServerError' });
  });

  it('puts its helper back when the session has lost it', async () => {
    await run(
      'import sys\nfor name in list(sys.modules):\n    if name.startswith("slipway_rest"): del sys.modules[name]',
    );
    expect(printed(await run('print("back")'), 'stdout')).toBe('back\n');
  });

  it('leaves the history of the session readable', async () => {
    await run('print("in the history")');
    const { sessionId } = await only(server);
    const history = await server.request('GET', `/sessions/${sessionId}/history`);
    expect(history.json<string[]>().at(-1)).toBe('print("in the history")');
  });

  it('says when the session has ended, and goes on in a fresh one', async () => {
    const { sessionId } = await only(server);
    await server.request('DELETE', `/sessions/${sessionId}/force`);
    const failed = await run('meadow');
    expect(failed.reply.content).toMatchObject({ status: 'error', ename: 'SessionEnded' });
    expect(failed.reply.content.evalue).toContain('fresh session');
    const fresh = await run('print("fresh")');
    expect(printed(fresh, 'stdout')).toBe('fresh\n');
    expect(printed(fresh, 'stderr')).toContain('without the variables');
    expect(kernel.child.exitCode).toBeNull();
  });
});

describe('the end of a kernel on such a server', () => {
  it('closes the session, though a cell runs', async () => {
    const server = await startTestServer({ api: '9.1', embedded: false });
    const kernel = await startKernel({
      SLIPWAY_URL: server.url,
      SLIPWAY_USER: 'admin',
      SLIPWAY_PASSWORD: server.password,
    });
    try {
      const id = await kernel.client.sendCell('print("begun")\nimport time\ntime.sleep(60)');
      await kernel.client.next(({ type, parent }) => type === 'stream' && parent.msg_id === id);
      await kernel.client.request('shutdown_request', { restart: false }, { channel: 'control' });
      await kernel.ended;
      expect((await server.request('GET', '/sessions')).json()).toEqual([]);
    } finally {
      await kernel.stop();
      await server.close();
    }
  }, 60_000);
});

async function only(server: TestServer): Promise<{ sessionId: string }> {
  const sessions = await server.request('GET', '/sessions');
  const [session] = sessions.json<{ id: string }[]>();
  return { sessionId: String(session?.id) };
}
