import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dealer, XSubscriber } from 'zeromq';
import {
  createHeader,
  createMessage,
  encodeZmqFrames,
  endpoint,
  Signer,
} from '../../src/jupyter/index.js';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { resultOf, statesOf } from '../support/exchange.js';
import { type KernelProcess, startKernel } from '../support/kernel.js';
import { nonsense, SOCKETS, type SocketName } from '../support/nonsense.js';

/** How many messages, and the seed that makes them; both can be set to look for more. */
const MESSAGES = Number(process.env.SLIPWAY_FUZZ_MESSAGES ?? 5000);
const SEED = Number(process.env.SLIPWAY_FUZZ_SEED ?? 20_261_125);
const BATCH = 500;
/** Megabytes by which the kernel may grow in the second half: what a garbage collector leaves. */
const MOST_GROWTH = 64;

let server: EmbeddedServer;
let kernel: KernelProcess;
let sockets: Record<SocketName, { send(frames: Uint8Array[]): Promise<void>; close(): void }>;

beforeAll(async () => {
  server = await startEmbeddedServer();
  kernel = await startKernel(server.env);
  const { connection } = kernel;
  sockets = Object.fromEntries(
    SOCKETS.map((name) => {
      const socket = name === 'iopub' ? new XSubscriber({ linger: 0 }) : new Dealer({ linger: 0 });
      socket.connect(endpoint(connection, connection[`${name}_port`]));
      // Answers that nobody reads would be kept.
      void drain(socket);
      return [name, socket];
    }),
  ) as unknown as typeof sockets;
  await kernel.client.execute('1');
});
afterAll(async () => {
  for (const socket of Object.values(sockets ?? {})) socket.close();
  await kernel?.stop();
  await server?.stop();
});

async function drain(socket: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of socket);
}

/** Megabytes of memory that the kernel has. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${kernel.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** Sends a proper request behind the nonsense and waits until the kernel has come to its end. */
async function catchUp(signer: Signer): Promise<void> {
  for (const channel of ['shell', 'control'] as const) {
    const header = createHeader('execute_request', 'fuzz', 'fuzz');
    const content = { code: '1', silent: true, store_history: false, allow_stdin: false };
    await sockets[channel].send(encodeZmqFrames([], createMessage(header, content), signer));
    await kernel.client.idle(header.msg_id);
  }
}

describe('nonsense on every socket', () => {
  it(`${MESSAGES} messages (seed ${SEED}) are dropped or refused, and a proper client goes on`, {
    timeout: 60_000 + MESSAGES * 30,
  }, async () => {
    const { client } = kernel;
    const signer = new Signer(kernel.connection.key);
    const messages = nonsense(signer);
    const begin = performance.now();
    let settled: number | undefined;
    for (let sent = 0; sent < MESSAGES; sent += BATCH) {
      const seed = SEED + sent;
      const meanwhile = client.request('kernel_info_request', {});
      for (const { socket, frames } of fc.sample(messages, { numRuns: BATCH, seed })) {
        await sockets[socket].send([...frames]);
      }
      const exchange = await meanwhile;
      expect(exchange.reply.content.status, `seed ${seed}`).toBe('ok');
      expect(statesOf(exchange)).toEqual(['busy', 'idle']);
      await catchUp(signer);
      // With history: without it IPython looks for the cell's semicolon in the nonsense before.
      const cell = await client.execute('6 * 7');
      expect(cell.reply.content, `seed ${seed}`).toMatchObject({ status: 'ok' });
      expect(resultOf(cell)?.data['text/plain'], `seed ${seed}`).toBe('42');
      client.received.length = 0;
      if (sent + BATCH >= MESSAGES / 2) settled ??= await memory();
    }
    expect(kernel.child.exitCode).toBeNull();
    await client.slowestHeartbeat(client.request('kernel_info_request', {}));
    expect((await memory()) - (settled as number)).toBeLessThan(MOST_GROWTH);
    // The first at once, and then a line for ten seconds at most.
    const lines = kernel.stderr.split('\n').filter((line) => /dropped/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(2 + (performance.now() - begin) / 10_000);
    const other = kernel.stderr.split('\n').filter((line) => line && !/dropped/.test(line));
    expect(other).toEqual([]);
  });
});
