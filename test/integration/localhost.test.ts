import { once } from 'node:events';
import { connect as connectPlain, createServer } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, expect, it, vi } from 'vitest';
import { addressesOf } from '../../src/server/further-addresses.js';
import { type HttpsServer, startHttpsServer } from '../support/https-server.js';
import { startTestServer } from '../support/server.js';

/** As where localhost is 127.0.0.1 and ::1, but on every machine. */
const ADDRESSES = ['127.0.0.1', '127.0.0.2'];
vi.mock(import('node:dns/promises'), async (original) => ({
  ...(await original()),
  lookup: vi.fn(async () => ADDRESSES.map((address) => ({ address, family: 4 }))) as never,
}));

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

/** Asks over a connection that stays open, and waits for the answer. */
async function ask(server: HttpsServer, socket: TLSSocket): Promise<string> {
  socket.write(`GET /health/live HTTP/1.1\r\nHost: localhost:${server.port}\r\n\r\n`);
  const [answer] = await once(socket.setEncoding('utf8'), 'data');
  return String(answer);
}

it('is answered by a server for localhost on all of its addresses, with the newest certificate', async () => {
  const server = await startHttpsServer({ host: 'localhost' });
  closings.push(() => server.close());
  expect(server.url).toBe(`https://localhost:${server.port}`);
  const [first, second] = ADDRESSES as [string, string];
  expect(await server.subject(second)).toBe(await server.subject(first));
  const { port, ca } = server;
  const socket = connect({ host: second, port, ca, servername: 'localhost' });
  expect(await ask(server, socket)).toContain('"live"');

  await server.replaceCertificate('elsewhere');
  await server.server.reload(server.server.context.config);
  expect(await server.subject(first)).not.toContain('127.0.0.1');
  expect(await server.subject(second)).toBe(await server.subject(first));
  expect(await ask(server, socket)).toContain('"live"');

  const silent = connectPlain(port, second);
  await once(silent, 'connect');
  const ended = [socket, silent].map((open) => once(open, 'close'));
  await server.server.close();
  await Promise.all(ended);
  await expect(server.subject(second)).rejects.toThrow('ECONNREFUSED');
});

it('is answered on the first address alone where another program has the port of the second', async () => {
  const other = createServer().listen(0, '127.0.0.2');
  closings.push(() => once(other.close(), 'close'));
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const server = await startTestServer({ host: 'localhost', port });
  closings.push(() => server.close());
  expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).toBe(200);
});

it('stands for its addresses, other hosts for themselves', async () => {
  expect(await addressesOf('localhost')).toEqual(ADDRESSES);
  expect(await addressesOf('0.0.0.0')).toEqual(['0.0.0.0']);
});
