import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RServerClient } from '../../src/client/index.js';
import { createHeader, createMessage } from '../../src/jupyter/index.js';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.js';
import { attachToNewSession } from '../support/link-client.js';
import { startTestServer, type TestServer } from '../support/server.js';

/** Milliseconds between two cuts. */
const CUT_INTERVAL = 300;

/** Prints and displays for some four seconds; the same each time. */
const LONG_CELL = `
import sys, time
from IPython.display import display
for i in range(40):
    print("line", i, "é" * (i * 37 % 500))
    if i % 10 == 0: display({"image/png": "x" * 200_000, "text/plain": f"figure {i}"}, raw=True)
    if i % 7 == 0: print("warning", i, file=sys.stderr)
    time.sleep(0.1)
i`;

/** Runs until a file is there. */
const WAITING_CELL = `
import os, time
open("runs", "a").write("x")
print("begun")
while not os.path.exists("go"): time.sleep(0.01)
print("done")`;

let server: TestServer;
let proxy: CuttingProxy;
let client: RServerClient;

beforeAll(async () => {
  server = await startTestServer({ api: '9.1', warmSessions: 1 });
  proxy = await startCuttingProxy(server.url);
});
afterAll(async () => {
  await proxy?.close();
  await server?.close();
});
beforeEach(() => {
  client = clientOf(proxy.url);
});
afterEach(() => client.close());

function clientOf(url: string): RServerClient {
  const { password } = server;
  return new RServerClient({ url, credentials: { kind: 'password', username: 'admin', password } });
}

describe('a link by the routes of R Server', () => {
  it('brings every byte of a cell whose connection is cut again and again', async () => {
    const uncut = await attachToNewSession(client);
    const expected = await uncut.execute(LONG_CELL);
    await uncut.link.close();

    const { link, execute } = await attachToNewSession(client);
    const before = proxy.cuts;
    const cutting = setInterval(() => proxy.cut(), CUT_INTERVAL);
    const cell = await execute(LONG_CELL).finally(() => clearInterval(cutting));
    expect(proxy.cuts - before).toBeGreaterThan(5);
    expect(cell.published).toEqual(expected.published);
    expect(cell.reply).toMatchObject({ status: 'ok', execution_count: 1 });
    await link.close();
  }, 60_000);

  it('interrupts a cell whose connection was cut', async () => {
    const { link, execute } = await attachToNewSession(client);
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const cell = execute('print("begun")\nimport time\ntime.sleep(60)', () => resolve());
    await begun;
    await consoleHas(link.sessionId, 'begun');
    proxy.cut();
    link.send('control', createMessage(createHeader('interrupt_request', 'test', 'tester'), {}));
    expect((await cell).reply).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    await link.close();
  });

  it('goes on when the access token expires while a cell runs', async () => {
    const { link, execute } = await attachToNewSession(client);
    const printed = Promise.withResolvers<void>();
    const run = execute(WAITING_CELL, () => printed.resolve());
    await printed.promise;
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 3600_000 });
    const form = new FormData();
    form.set('file', new Blob(['']), 'go');
    const token = await server.login();
    const uploaded = await server.request('POST', `/sessions/${link.sessionId}/files`, {
      body: form,
      token,
    });
    expect(uploaded.status).toBe(201);
    const { reply, published } = await run;
    vi.useRealTimers();
    expect(reply.status).toBe('ok');
    expect(published.at(-1)?.content).toBe('begun\ndone\n');
    await link.close();
  });

  it('says so when the session dies of a cell', async () => {
    const { link, execute } = await attachToNewSession(client);
    await expect(execute('import os; os._exit(1)')).rejects.toMatchObject({
      reason: 'session-ended',
    });
    expect(await link.ended).toMatchObject({ reason: 'session-ended' });
  });

  it('says what is known when the server stays away, and does not run the cell again', async () => {
    const other = await startCuttingProxy(server.url);
    const through = clientOf(other.url);
    const { link, execute } = await attachToNewSession(through);
    const begun = Promise.withResolvers<void>();
    const ended = expect(execute(WAITING_CELL, () => begun.resolve())).rejects.toMatchObject({
      reason: 'lost',
      message: expect.stringContaining('it is not run again'),
    });
    await begun.promise;
    await consoleHas(link.sessionId, 'begun');
    await other.close();
    await ended;
    const runs = await server.request('GET', `/sessions/${link.sessionId}/files/runs`);
    expect(runs.text).toBe('x');
    await through.close();
  }, 30_000);

  it('outlives a proxy that gives up on long requests', async () => {
    const impatient = await startImpatientProxy(server.url, 700);
    const through = clientOf(impatient.url);
    const { link, execute } = await attachToNewSession(through);
    const cell = await execute('import time\nprint("a")\ntime.sleep(2)\nprint("b")\n7');
    expect(cell.reply.status).toBe('ok');
    expect(cell.published.map(({ type }) => type)).toEqual([
      ...['status', 'execute_input', 'stream', 'execute_result'],
    ]);
    expect(cell.published[2]?.content).toBe('a\nb\n');
    await link.close();
    await through.close();
    await impatient.close();
  });
});

function consoleHas(sessionId: string, text: string): Promise<void> {
  const read = async () =>
    (await server.request('GET', `/sessions/${sessionId}/console-output`)).text;
  return expect.poll(read).toContain(text);
}

/** A proxy that answers executions which take longer with 504 and a web page. */
async function startImpatientProxy(target: string, patience: number) {
  const proxy = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const chunks: Buffer[] = [];
    const giveUp = setTimeout(() => {
      if (!url.endsWith('/execute')) return;
      outgoing.writeHead(504, { 'content-type': 'text/html' }).end('<html>Gateway Time-out</html>');
    }, patience);
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const answer = await fetch(new URL(url, target), {
        method,
        headers: { authorization: headers.authorization ?? '', 'content-type': 'application/json' },
        ...(method === 'POST' ? { body: Buffer.concat(chunks) } : {}),
      });
      const body = Buffer.from(await answer.arrayBuffer());
      clearTimeout(giveUp);
      if (!outgoing.headersSent) outgoing.writeHead(answer.status).end(body);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
