import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { errorsOf, resultOf, textOf, typesOf } from '../support/exchange.js';
import { type KernelClient, type KernelProcess, startKernel } from '../support/kernel.js';

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
    const inspected = await client.request('inspect_request', {
      code: '"😀"; abcdef_long_name; other',
      cursor_pos: 7,
      detail_level: 0,
    });
    expect(inspected.reply.content).toMatchObject({ status: 'ok', found: true });
    expect(resultOf(await client.execute('"😀"'))?.data['text/plain']).toBe("'😀'");
  });
});
