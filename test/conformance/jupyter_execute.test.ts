import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import {
  type Exchange,
  type KernelClient,
  type KernelProcess,
  startKernel,
} from '../support/kernel.js';

let server: EmbeddedServer;
let kernel: KernelProcess;
let client: KernelClient;

beforeAll(async () => {
  server = await startEmbeddedServer();
  kernel = await startKernel(server.env);
  client = kernel.client;
});
afterAll(async () => {
  await kernel?.stop();
  await server?.stop();
});

const typesOf = ({ published }: Exchange) =>
  published.map(({ type }) => type).filter((type) => type !== 'status');
const textOf = ({ published }: Exchange, name = 'stdout') =>
  published
    .filter(({ type, content }) => type === 'stream' && content.name === name)
    .map(({ content }) => content.text)
    .join('');
const resultOf = ({ published }: Exchange) =>
  published.find(({ type }) => type === 'execute_result')?.content;
const errorsOf = ({ published }: Exchange) => published.filter(({ type }) => type === 'error');

describe('execute', () => {
  it('streams, results and displays come in the order in which they happened', async () => {
    const cell = await client.execute(
      'import sys\nprint("a", flush=True)\ndisplay(1)\nprint("b", file=sys.stderr, flush=True)\n2',
    );
    expect(typesOf(cell)).toEqual([
      'execute_input',
      'stream',
      'display_data',
      'stream',
      'execute_result',
    ]);
    expect(textOf(cell)).toBe('a\n');
    expect(textOf(cell, 'stderr')).toBe('b\n');
    expect(resultOf(cell)?.execution_count).toBe(cell.reply.content.execution_count);
  });

  it('all that a request publishes is there before its idle, however much it is', async () => {
    const cell = await client.execute('for i in range(20000): print(i)');
    const text = textOf(cell);
    expect(text.split('\n')).toHaveLength(20_001);
    expect(cell.published.at(-1)?.content.execution_state).toBe('idle');
  });

  it('streams arrive while the cell runs', async () => {
    const id = await client.sendCell('import time\nprint("first", flush=True)\ntime.sleep(1)');
    await client.next(({ parent, type }) => parent.msg_id === id && type === 'stream');
    expect(
      client.received.some(({ parent, channel }) => parent.msg_id === id && channel === 'shell'),
    ).toBe(false);
    await client.exchange(id);
  });

  it('silent forces no history and no execute_input, yet streams still flow', async () => {
    const before = await client.execute('0');
    const silent = await client.execute('print("heard")\n7', { silent: true, store_history: true });
    expect(textOf(silent)).toBe('heard\n');
    expect(typesOf(silent)).toEqual(['stream']);
    const after = await client.execute('0');
    expect(after.reply.content.execution_count).toBe(before.reply.content.execution_count + 1);
  });

  it('store_history=false does not move the counter', async () => {
    const before = await client.execute('0');
    const probe = await client.execute('1', { store_history: false, stop_on_error: false });
    expect(resultOf(probe)?.data['text/plain']).toBe('1');
    const after = await client.execute('0');
    expect(after.reply.content.execution_count).toBe(before.reply.content.execution_count + 1);
  });

  it('user_expressions are evaluated after the cell', async () => {
    const { reply } = await client.execute('u = 3', {
      user_expressions: { good: 'u + 1', bad: 'no' },
    });
    expect(reply.content.user_expressions.good.data['text/plain']).toBe('4');
    expect(reply.content.user_expressions.bad).toMatchObject({
      status: 'error',
      ename: 'NameError',
    });
  });

  it('a failing cell has exactly one error, and ename, evalue and traceback in its reply', async () => {
    const cell = await client.execute('print("before")\n1 / 0');
    expect(cell.reply.content).toMatchObject({
      status: 'error',
      ename: 'ZeroDivisionError',
      evalue: 'division by zero',
    });
    expect(cell.reply.content.traceback.length).toBeGreaterThan(0);
    expect(errorsOf(cell)).toHaveLength(1);
    expect(textOf(cell)).toBe('before\n');
  });

  it('stop_on_error aborts the cells that are queued, and goes on serving the rest', async () => {
    const failing = await client.sendCell('import time; time.sleep(0.3); 1 / 0');
    const queued = [await client.sendCell('never = 1'), await client.sendCell('never = 1')];
    const question = await client.send('is_complete_request', { code: 'a = 1' });
    expect((await client.exchange(failing)).reply.content.status).toBe('error');
    for (const id of queued) {
      const { reply, published } = await client.exchange(id);
      expect(reply.content.status).toBe('aborted');
      expect(reply.content.execution_count).toBe(0);
      expect(published.map(({ content }) => content.execution_state)).toEqual(['busy', 'idle']);
    }
    expect((await client.exchange(question)).reply.content.status).toBe('complete');
    expect((await client.execute('"never" in globals()')).published.at(-2)?.content.data).toEqual({
      'text/plain': 'False',
    });
  });

  it('stop_on_error aborts nothing that is sent in answer to the error', async () => {
    for (let round = 0; round < 20; round++) {
      await client.execute('1 / 0');
      expect((await client.execute('1')).reply.content.status).toBe('ok');
    }
  });

  it('stop_on_error=false aborts nothing', async () => {
    const failing = await client.sendCell('import time; time.sleep(0.3); 1 / 0', {
      stop_on_error: false,
    });
    const next = await client.sendCell('42');
    expect((await client.exchange(failing)).reply.content.status).toBe('error');
    expect((await client.exchange(next)).reply.content.status).toBe('ok');
  });

  it('a request without code fails with a sentence, and the next one runs', async () => {
    for (const content of [{}, { code: 7 }]) {
      const { reply } = await client.request('execute_request', content);
      expect(reply.content).toMatchObject({
        status: 'error',
        evalue: expect.stringContaining('code'),
      });
    }
    expect((await client.execute('1')).reply.content.status).toBe('ok');
  });

  it('update_display_data carries transient.display_id', async () => {
    const cell = await client.execute('h = display("one", display_id=True)\nh.update("two")');
    const [shown, updated] = cell.published.filter(({ type }) => type.endsWith('display_data'));
    expect(shown?.type).toBe('display_data');
    expect(updated?.type).toBe('update_display_data');
    expect(shown?.content.transient.display_id).toBeTruthy();
    expect(updated?.content.transient).toEqual(shown?.content.transient);
  });

  it('clear_output(wait) passes', async () => {
    const cell = await client.execute(
      'from IPython.display import clear_output\nclear_output(wait=True)',
    );
    expect(cell.published.find(({ type }) => type === 'clear_output')?.content).toEqual({
      wait: true,
    });
  });

  it('what a thread prints after its cell still names that cell as its parent', async () => {
    const cell = await client.execute(
      'import threading, time\ndef late():\n    time.sleep(0.3)\n    print("late", flush=True)\nthreading.Thread(target=late).start()',
    );
    const late = await client.next(
      ({ type, content }) => type === 'stream' && /late/.test(content.text),
    );
    expect(late.parent.msg_id).toBe(cell.reply.parent.msg_id);
  });

  it('code points beyond the basic plane survive, and cursor_pos counts them as one', async () => {
    await client.execute('abcdef_long_name = 1');
    const code = '"😀"; abcdef_lo';
    const { reply } = await client.request('complete_request', {
      code,
      cursor_pos: Array.from(code).length,
    });
    expect(reply.content.matches).toContain('abcdef_long_name');
    expect(reply.content.cursor_start).toBe(5);
    expect(resultOf(await client.execute('"😀"'))?.data['text/plain']).toBe("'😀'");
  });

  it('comm messages pass both ways with their buffers', async () => {
    await client.execute(
      [
        'from ipykernel.comm import Comm',
        'def opened(comm, message):',
        '    @comm.on_msg',
        '    def answer(m): comm.send({"n": m["content"]["data"]["n"] + 1}, buffers=[bytes(reversed(bytes(m["buffers"][0])))])',
        'get_ipython().kernel.comm_manager.register_target("echo", opened)',
      ].join('\n'),
    );
    await client.idle(
      await client.send('comm_open', { comm_id: 'c1', target_name: 'echo', data: {} }),
    );
    const id = await client.send(
      'comm_msg',
      { comm_id: 'c1', data: { n: 1 } },
      { buffers: [Buffer.from([0, 1, 255])] },
    );
    await client.idle(id);
    const answer = client.publishedFor(id).find(({ type }) => type === 'comm_msg');
    expect(answer?.content).toMatchObject({ comm_id: 'c1', data: { n: 2 } });
    expect(Buffer.from(answer?.buffers[0] as Uint8Array)).toEqual(Buffer.from([255, 1, 0]));
  });

  it('an unknown comm target gets comm_close', async () => {
    const id = await client.send('comm_open', { comm_id: 'c2', target_name: 'nobody', data: {} });
    await client.idle(id);
    expect(client.publishedFor(id).some(({ type }) => type === 'comm_close')).toBe(true);
  });

  it('history returns what was run: tail, range and search', async () => {
    await client.execute('remember_me = 1');
    const ask = (content: object) =>
      client.request('history_request', { raw: true, output: false, ...content });
    const tail = await ask({ hist_access_type: 'tail', n: 1 });
    expect(tail.reply.content.history[0][2]).toBe('remember_me = 1');
    const found = await ask({ hist_access_type: 'search', pattern: 'remember*', n: 5 });
    expect(found.reply.content.history.length).toBeGreaterThan(0);
    const range = await ask({ hist_access_type: 'range', session: 0, start: 1, stop: 2 });
    expect(range.reply.content.history).toHaveLength(1);
  });
});

describe('stdin', () => {
  it('input goes to the client whose cell asks, and the answer to the session', async () => {
    const id = await client.sendCell('print(input("Name? ").upper())', { allow_stdin: true });
    const question = await client.next(
      ({ parent, channel }) => parent.msg_id === id && channel === 'stdin',
    );
    expect(question.content).toEqual({ prompt: 'Name? ', password: false });
    await client.answer('ada');
    expect(textOf(await client.exchange(id))).toBe('ADA\n');
  });

  it('getpass asks for a password', async () => {
    const id = await client.sendCell('import getpass; len(getpass.getpass())', {
      allow_stdin: true,
    });
    const question = await client.next(
      ({ parent, channel }) => parent.msg_id === id && channel === 'stdin',
    );
    expect(question.content.password).toBe(true);
    await client.answer('12345');
    expect(resultOf(await client.exchange(id))?.data['text/plain']).toBe('5');
  });

  it('allow_stdin=false fails at once', async () => {
    const { reply } = await client.execute('input()');
    expect(reply.content.ename).toBe('StdinNotImplementedError');
  });

  it('an interrupt releases a waiting input, and its stale answer goes nowhere', async () => {
    const id = await client.sendCell('input("first")', { allow_stdin: true });
    await client.next(({ parent, channel }) => parent.msg_id === id && channel === 'stdin');
    await client.request('interrupt_request', {}, { channel: 'control' });
    expect((await client.exchange(id)).reply.content.ename).toBe('KeyboardInterrupt');
    await client.answer('stale');
    const next = await client.sendCell('input("second")', { allow_stdin: true });
    await client.next(({ parent, channel }) => parent.msg_id === next && channel === 'stdin');
    await client.answer('fresh');
    expect(resultOf(await client.exchange(next))?.data['text/plain']).toBe("'fresh'");
  });
});

/** A cell whose output, which it does not flush, arrives when it sleeps. */
const SLEEP = "import time\nprint('begun')\ntime.sleep(30)";

describe('while a cell runs', () => {
  it('completion, inspection, is_complete, history and comm_info are answered', async () => {
    await client.execute('import time\nquite_long_name = 1');
    const id = await client.sendCell('time.sleep(3)');
    await client.next(({ parent, type }) => parent.msg_id === id && type === 'execute_input');
    const start = performance.now();
    const requests: [string, object][] = [
      ['complete_request', { code: 'quite_lo', cursor_pos: 8 }],
      ['inspect_request', { code: 'print', cursor_pos: 3, detail_level: 0 }],
      ['is_complete_request', { code: 'a = 1' }],
      ['history_request', { hist_access_type: 'tail', n: 1, raw: true, output: false }],
      ['comm_info_request', {}],
    ];
    for (const [type, content] of requests) {
      const { reply } = await client.request(type, content);
      expect(reply.type).toBe(type.replace('_request', '_reply'));
      expect(reply.parent.subshell_id).toBeUndefined();
      if (type === 'complete_request') expect(reply.content.matches).toContain('quite_long_name');
    }
    expect(performance.now() - start).toBeLessThan(2000);
    await client.request('interrupt_request', {}, { channel: 'control' });
    await client.exchange(id);
  });

  it('interrupt_request stops it with a KeyboardInterrupt', async () => {
    const id = await client.sendCell(SLEEP);
    await client.next(({ parent, type }) => parent.msg_id === id && type === 'stream');
    const { reply } = await client.request('interrupt_request', {}, { channel: 'control' });
    expect(reply.content.status).toBe('ok');
    expect((await client.exchange(id)).reply.content.ename).toBe('KeyboardInterrupt');
  });

  it('SIGINT does the same', async () => {
    const id = await client.sendCell(SLEEP);
    await client.next(({ parent, type }) => parent.msg_id === id && type === 'stream');
    kernel.child.kill('SIGINT');
    expect((await client.exchange(id)).reply.content.ename).toBe('KeyboardInterrupt');
  });

  it('an interrupt at any moment leaves no cell without an answer', async () => {
    for (let delay = 0; delay < 20; delay++) {
      const id = await client.sendCell('import time\ntime.sleep(0.2)');
      await new Promise((resolve) => setTimeout(resolve, delay));
      kernel.child.kill('SIGINT');
      const { reply, published } = await client.exchange(id);
      const errors = published.filter(({ type }) => type === 'error');
      expect(errors).toHaveLength(reply.content.status === 'ok' ? 0 : 1);
    }
  });

  it('an interrupt of nothing is harmless', async () => {
    for (let index = 0; index < 3; index++) {
      await client.request('interrupt_request', {}, { channel: 'control' });
      kernel.child.kill('SIGINT');
    }
    // A signal has no answer: the last one may still come in time for this cell.
    await client.execute('1');
    expect(resultOf(await client.execute('6 * 7'))?.data['text/plain']).toBe('42');
  });

  it('a subshell of the client’s own runs its cells at once', async () => {
    const created = await client.request('create_subshell_request', {}, { channel: 'control' });
    const { subshell_id } = created.reply.content;
    const long = await client.sendCell('import time\ntime.sleep(3)');
    const content = { code: '5 + 5', allow_stdin: false };
    const quick = await client.request('execute_request', content, { header: { subshell_id } });
    expect(resultOf(quick)?.data['text/plain']).toBe('10');
    expect(
      client.received.some(({ parent, channel }) => parent.msg_id === long && channel === 'shell'),
    ).toBe(false);
    await client.request('interrupt_request', {}, { channel: 'control' });
    await client.exchange(long);
    await client.request('delete_subshell_request', { subshell_id }, { channel: 'control' });
  });

  it('the heartbeat does not stall while 100 MB pass through', async () => {
    const id = await client.sendCell(
      'for _ in range(10): display({"text/plain": "x" * 10_000_000}, raw=True)',
    );
    const done = client.exchange(id);
    const slowest = await client.slowestHeartbeat(done);
    const { published } = await done;
    expect(published.filter(({ type }) => type === 'display_data')).toHaveLength(10);
    expect(slowest).toBeLessThan(1000);
  });
});
