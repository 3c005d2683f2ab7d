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
});
afterAll(async () => {
  await kernel?.stop();
  await server?.stop();
});

describe('history', () => {
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
