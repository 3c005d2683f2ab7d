import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RServerClient } from '../../src/client/index.js';
import { createHeader, createMessage } from '../../src/jupyter/index.js';
import { LinkClosedError } from '../../src/session/index.js';
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.js';
import { attachToNewSession } from '../support/link-client.js';
import { startTestServer, type TestServer } from '../support/server.js';

/** Milliseconds between two cuts. */
const CUT_INTERVAL = 200;

/** Prints, plots and displays for some ten seconds; the same each time. */
const LONG_CELL = `
import time
from IPython.display import display
import matplotlib.pyplot as plt
for i in range(100):
    print("line", i, "." * (i * 37 % 500))
    if i % 10 == 0:
        figure = plt.figure(figsize=(2, 2)); plt.plot([0, i]); display({"image/png": "x" * 200_000, "text/plain": f"figure {i}"}, raw=True); plt.close(figure)
    if i % 7 == 0:
        display({"text/plain": f"display {i}"}, raw=True)
    time.sleep(0.1)
i`;

let server: TestServer;
let proxy: CuttingProxy;
let client: RServerClient;

beforeAll(async () => {
  server = await startTestServer({ warmSessions: 1, sessionLease: 2 });
  proxy = await startCuttingProxy(server.url);
});
afterAll(async () => {
  await proxy?.close();
  await server?.close();
});

beforeEach(() => {
  client = new RServerClient({
    url: proxy.url,
    credentials: { kind: 'password', username: 'admin', password: server.password },
  });
});

const attach = () => attachToNewSession(client);

describe('a link whose connection is cut', () => {
  it('brings every byte of a long cell, cut five times a second', async () => {
    const uncut = await attach();
    const expected = await uncut.execute(LONG_CELL);
    await uncut.link.close();

    const { link, execute } = await attach();
    const before = proxy.cuts;
    const cutting = setInterval(() => proxy.cut(), CUT_INTERVAL);
    const cell = await execute(LONG_CELL).finally(() => clearInterval(cutting));
    expect(proxy.cuts - before).toBeGreaterThan(20);
    expect(cell.published).toEqual(expected.published);
    expect(cell.reply).toMatchObject({ status: 'ok', execution_count: 1 });
    await link.close();
  }, 60_000);

  it('brings every byte of large outputs whose memory is given back in between', async () => {
    const cell = `
from IPython.display import display
for i in range(20):
    display({"text/plain": chr(97 + i) * 3_000_000}, raw=True)
    print(chr(97 + i) * 1_200_000)`;
    const { link, execute } = await attach();
    const cutting = setInterval(() => proxy.cut(), CUT_INTERVAL / 2);
    const before = proxy.cuts;
    const { published } = await execute(cell).finally(() => clearInterval(cutting));
    expect(proxy.cuts).toBeGreaterThan(before);
    const shown = JSON.stringify(published);
    for (let i = 0; i < 20; i++) {
      const letter = String.fromCharCode(97 + i);
      expect(shown.includes(letter.repeat(3_000_000)), `display ${i}`).toBe(true);
      expect(shown.includes(`${letter.repeat(1_200_000)}\\n`), `line ${i}`).toBe(true);
    }
    const console = await client.sessions.consoleOutput(link.sessionId);
    expect(console.includes('t'.repeat(1_200_000))).toBe(true);
    await link.close();
  }, 60_000);

  it('loses no request that is sent while it is cut', async () => {
    const { link, execute } = await attach();
    const cells: ReturnType<typeof execute>[] = [];
    for (let number = 0; number < 20; number++) {
      if (number % 3 === 0) proxy.cut();
      cells.push(execute(`print(${number})`));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const done = await Promise.all(cells);
    expect(done.map(({ reply }) => reply.execution_count)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    await link.close();
  });

  it('answers the helper’s requests across a cut', async () => {
    const { link } = await attach();
    const asked = link.ask('evaluate', { expressions: { a: '6 * 7' } });
    proxy.cut();
    expect((await asked).result).toEqual({ values: { a: 42 } });
    await link.close();
  });

  it('keeps the session of a kernel that said goodbye no longer than its lease', async () => {
    const { link } = await attach();
    await link.close();
    const { sessionId } = link;
    await expect
      .poll(async () => (await client.sessions.list()).some(({ id }) => id === sessionId), {
        timeout: 10_000,
        interval: 250,
      })
      .toBe(false);
  });

  it('says so when the session ended while it was cut', async () => {
    const { link } = await attach();
    const closed = server.request('DELETE', `/sessions/${link.sessionId}/force`);
    proxy.cut();
    await closed;
    const end = await link.ended;
    expect(end.reason).toBe('session-ended');
    expect(() => link.send('shell', createMessage(createHeader('x', 's', 'u'), {}))).toThrow(
      LinkClosedError,
    );
  });

  it('is not resumed by another link’s name', async () => {
    const { link } = await attach();
    const { openSocket } = await import('../../src/session/channel-socket.js');
    await expect(
      openSocket(
        {
          baseUrl: server.url,
          sessionId: link.sessionId,
          accessToken: server.token,
          resume: { link: '00000000-0000-4000-8000-000000000000', received: 0 },
        },
        () => undefined,
      ),
    ).rejects.toMatchObject({ status: 4409 });
    await link.close();
  });
});
