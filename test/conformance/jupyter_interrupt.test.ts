import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { resultOf } from '../support/exchange.js';
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

/** A cell whose output, which it does not flush, arrives when it sleeps. */
const SLEEP = "import time\nprint('begun')\ntime.sleep(30)";

describe('an interrupt of the running cell', () => {
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
});

describe('the heartbeat', () => {
  it('does not stall while 100 MB pass through', async () => {
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
