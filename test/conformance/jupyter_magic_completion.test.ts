import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { type KernelClient, type KernelProcess, startKernel } from '../support/kernel.js';

let server: EmbeddedServer;
let kernel: KernelProcess;
let client: KernelClient;

beforeAll(async () => {
  server = await startEmbeddedServer();
  kernel = await startKernel(server.env);
  client = kernel.client;
  await server.call('POST', '/services/Iris/V1', {
    code: 'out = row',
    runtimeType: 'Python',
    inputParameterDefinitions: [{ name: 'row', type: 'vector' }],
    outputParameterDefinitions: [{ name: 'out', type: 'vector' }],
  });
  const { reply } = await client.execute(
    'def predict(row: list) -> list:\n    return row\nflower = {"petal": 1}\n%snapshot "Iris Snapshot" --only flower',
  );
  expect(reply.content.status).toBe('ok');
});
afterAll(async () => {
  await kernel?.stop();
  await server?.stop();
});

/** Completes at the end of a text, and returns it with each match in place. */
async function complete(code: string): Promise<string[]> {
  const { reply } = await client.request('complete_request', {
    code,
    cursor_pos: [...code].length,
  });
  const { status, matches, cursor_start: start, cursor_end: end, metadata } = reply.content;
  expect(status).toBe('ok');
  expect(metadata._jupyter_types_experimental).toHaveLength(matches.length);
  const before = [...code].slice(0, start).join('');
  expect(end).toBe([...code].length);
  return matches.map((match: string) => before + match);
}

/**
 * Expects completions in time. A loaded machine may be late, and then the next try has them: the
 * kernel answers with what it knows.
 */
const eventually = (code: string) => expect.poll(() => complete(code), { timeout: 10_000 });

describe('complete_request on the line of a magic', () => {
  it('has our magics and IPython’s, each once', async () => {
    expect(await complete('%p')).toEqual(expect.arrayContaining(['%publish', '%pwd', '%pip']));
    const all = await complete('%');
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(expect.arrayContaining(['%timeit', '%%timeit', '%%publish', '%consume']));
    expect(all).not.toContain('%%consume');
    expect(await complete('"😀"\nx = %cons')).toEqual(['"😀"\nx = %consume']);
  });

  it('has what the server and the session have', async () => {
    await eventually('%consume ').toEqual(['%consume Iris']);
    await eventually('%consume Iris V').toEqual(['%consume Iris V1']);
    await eventually('%consume Iris V1 ').toEqual(['%consume Iris V1 row=']);
    await eventually('%snapshot load ').toEqual(['%snapshot load "Iris Snapshot"']);
    await eventually('%snapshot X --only f').toEqual(['%snapshot X --only flower']);
    await eventually('%publish ').toEqual(['%publish predict']);
  });

  it('has at once what a cell has made', async () => {
    await eventually('%snapshot load ').toEqual(['%snapshot load "Iris Snapshot"']);
    const { reply } = await client.execute('%snapshot second --only flower');
    expect(reply.content.status).toBe('ok');
    await eventually('%snapshot load se').toEqual(['%snapshot load second']);
    await client.execute('%snapshot delete second');
  });

  it('has Python in expressions, from the session', async () => {
    await eventually('%consume Iris V1 row=flo').toEqual(
      expect.arrayContaining(['%consume Iris V1 row=flower']),
    );
    const code = 'y = %consume Iris V1 row=[1, flower["';
    await eventually(code).toEqual([`${code}petal`]);
  });

  it.each([
    ['sleeps', 'import time\nfor _ in range(600): time.sleep(0.1)'],
    ['computes', 'while True: pass'],
  ])('is answered while a cell %s', async (_what, code) => {
    const cell = await client.sendCell(code);
    await client.next(({ parent, type }) => parent.msg_id === cell && type === 'execute_input');
    await eventually('%snapshot X --only fl').toEqual(['%snapshot X --only flower']);
    await eventually('%consume Iris V1 row=flo').toEqual(
      expect.arrayContaining(['%consume Iris V1 row=flower']),
    );
    expect(
      client.publishedFor(cell).some(({ content }) => content.execution_state === 'idle'),
    ).toBe(false);
    await client.request('interrupt_request', {}, { channel: 'control' });
    await client.exchange(cell);
  });
});
