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
  published.map(({ type, content }) => content.execution_state ?? type);
const resultsOf = ({ published }: Exchange) =>
  published.filter(({ type }) => type === 'execute_result').map(({ content }) => content);

describe('a cell with magics', () => {
  it('appears as one cell: one number, one input, one reply, busy and idle once', async () => {
    const before = await client.execute('0');
    const code = 'x = 1\n%status\nx + 1';
    const cell = await client.execute(code);
    expect(typesOf(cell)).toEqual([
      'busy',
      'execute_input',
      'display_data',
      'execute_result',
      'idle',
    ]);
    const count = before.reply.content.execution_count + 1;
    const input = cell.published.find(({ type }) => type === 'execute_input');
    expect(input?.content).toEqual({ code, execution_count: count });
    expect(resultsOf(cell)[0]).toMatchObject({
      execution_count: count,
      data: { 'text/plain': '2' },
    });
    expect(cell.reply.content).toMatchObject({ status: 'ok', execution_count: count });
    const after = await client.execute('_');
    expect(after.reply.content.execution_count).toBe(count + 1);
    expect(resultsOf(after)[0]?.data['text/plain']).toBe('2');
  });

  it('is one entry of the history', async () => {
    await client.execute('a = 1\n%status');
    const { reply } = await client.request('history_request', {
      hist_access_type: 'tail',
      n: 1,
      raw: true,
      output: false,
    });
    expect(reply.content.history[0][2]).toBe('a = 1\n%status');
  });

  it('shows only its last expression', async () => {
    const cell = await client.execute('"not shown"\n%status\n"shown"');
    expect(resultsOf(cell).map(({ data }) => data['text/plain'])).toEqual(["'shown'"]);
    expect(resultsOf(await client.execute('"not shown"\n%status'))).toEqual([]);
  });

  it('stops at the first error of its Python, which names the line of the cell', async () => {
    const cell = await client.execute('%status\n\n1 / 0\n%status');
    expect(cell.reply.content).toMatchObject({ status: 'error', ename: 'ZeroDivisionError' });
    expect(typesOf(cell)).toEqual(['busy', 'execute_input', 'display_data', 'error', 'idle']);
    const traceback = cell.reply.content.traceback.join('\n');
    expect(traceback).toMatch(/line 3|-> 3|> 3/);
  });

  it('fails for a wrong use of a magic with one real error, and aborts what is queued', async () => {
    const failing = await client.sendCell('import time; time.sleep(0.3)\n%session nonsense');
    const queued = await client.sendCell('1');
    const cell = await client.exchange(failing);
    expect(cell.reply.content).toMatchObject({ status: 'error', ename: 'UsageError' });
    expect(cell.published.filter(({ type }) => type === 'error')).toHaveLength(1);
    expect((await client.exchange(queued)).reply.content.status).toBe('aborted');
  });

  it('counts on after an error, as every cell does', async () => {
    const failed = await client.execute('%session nonsense');
    const next = await client.execute('1');
    expect(next.reply.content.execution_count).toBe(failed.reply.content.execution_count + 1);
  });

  it('evaluates user_expressions at its end', async () => {
    const { reply } = await client.execute('y = 2\n%status\ny = 3', {
      user_expressions: { y: 'y' },
    });
    expect(reply.content.user_expressions.y.data['text/plain']).toBe('3');
  });

  it('asks for input in its Python', async () => {
    const id = await client.sendCell('%status\ninput("? ")', { allow_stdin: true });
    await client.next(({ parent, channel }) => parent.msg_id === id && channel === 'stdin');
    await client.answer('yes');
    expect(resultsOf(await client.exchange(id))[0]?.data['text/plain']).toBe("'yes'");
  });

  it('is interrupted like any other', async () => {
    const id = await client.sendCell(
      // Not flushed: what is printed arrives a moment later, when the cell sleeps.
      '%status\nimport time; print("asleep"); time.sleep(30)\n%status',
    );
    await client.next(({ parent, type }) => parent.msg_id === id && type === 'stream');
    await client.request('interrupt_request', {}, { channel: 'control' });
    const cell = await client.exchange(id);
    expect(cell.reply.content.ename).toBe('KeyboardInterrupt');
    expect(cell.published.filter(({ type }) => type === 'display_data')).toHaveLength(1);
  });

  it('silent publishes neither input nor number', async () => {
    const before = await client.execute('0');
    const cell = await client.execute('%status', { silent: true });
    expect(typesOf(cell)).not.toContain('execute_input');
    const after = await client.execute('0');
    expect(after.reply.content.execution_count).toBe(before.reply.content.execution_count + 1);
  });

  it('leaves magics and shell lines of IPython to IPython', async () => {
    const cell = await client.execute('%status\nx = !echo "100%"\n%time y = 1\nx[0]');
    expect(resultsOf(cell)[0]?.data['text/plain']).toBe("'100%'");
  });

  it('shows what the user’s code prints while a magic evaluates it', async () => {
    await server.call('POST', '/services/Echo/V1', {
      code: 'out = row',
      runtimeType: 'Python',
      inputParameterDefinitions: [{ name: 'row', type: 'vector' }],
      outputParameterDefinitions: [{ name: 'out', type: 'vector' }],
    });
    await client.execute('def loud():\n    print("heard")\n    return [1]');
    const cell = await client.execute('%consume Echo V1 row=loud()');
    expect(cell.reply.content.status).toBe('ok');
    expect(
      cell.published.some(({ type, content }) => type === 'stream' && content.text === 'heard\n'),
    ).toBe(true);
  });

  it('is inspected under the cursor', async () => {
    const { reply } = await client.request('inspect_request', {
      code: 'x = 1\n%publish',
      cursor_pos: 10,
      detail_level: 0,
    });
    expect(reply.content.found).toBe(true);
    expect(reply.content.data['text/plain']).toContain('publish');
  });
});
