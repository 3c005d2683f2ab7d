import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Request } from '../support/batches.js';
import { cliEnvironment, type ServerProcess, startServerProcess } from '../support/cli.js';
import { send } from '../support/server.js';

/** Rows of 1 MiB, whose answers have as much. */
const ROWS = Number(process.env.SLIPWAY_BATCH_ROWS ?? 150);
const MEBIBYTE = 1024 * 1024;
/** Bytes that the server may take for a batch, however many rows it has: most is yet to be freed. */
const MOST = 400 * MEBIBYTE;

let home: string;
let server: ServerProcess;
let token: string;
const request: Request = (method, path, options) =>
  send(server.runtime.url, token, method, path, options);

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-batches-'));
  server = await startServerProcess(home, cliEnvironment(home));
  const { url, username, password } = server.runtime;
  const login = await send(url, null, 'POST', '/login', { json: { username, password } });
  token = login.json<{ access_token: string }>().access_token;
});
afterAll(async () => {
  await server?.end('SIGKILL');
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

/** The most memory that the server has had at any time, in bytes. */
async function peak(): Promise<number> {
  const status = await readFile(`/proc/${server.runtime.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

function* body(): Generator<Buffer> {
  for (let row = 0; row < ROWS; row += 1) {
    yield Buffer.from(`${row === 0 ? '[' : ','}{"x":"row ${row} ${'x'.repeat(MEBIBYTE)}"}`);
  }
  yield Buffer.from(']');
}

/** The numbers of the rows in the results of a batch, which are too many to be read at once. */
async function rowsIn(batch: string): Promise<number[]> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(new URL(batch, server.runtime.url), { headers });
  const rows: number[] = [];
  let rest = '';
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    const text = rest + Buffer.from(chunk).toString('latin1');
    rows.push(...[...text.matchAll(/row (\d+) /g)].map(([, row]) => Number(row)));
    rest = /[row \d]{0,20}$/.exec(text.slice(-20))?.[0] ?? '';
    if (/row \d+ $/.test(rest)) rest = '';
  }
  return rows;
}

it('rows and results of a megabyte each are on the disk, and few of them in memory', async () => {
  const json = {
    runtimeType: 'Python',
    code: 'y = x',
    inputParameterDefinitions: [{ name: 'x', type: 'character' }],
    outputParameterDefinitions: [{ name: 'y', type: 'character' }],
  };
  expect((await request('POST', '/services/Huge/1', { json })).status).toBe(201);
  const before = await peak();
  const started = await request('POST', '/api/Huge/1/batch?parallelCount=100', {
    body: Readable.toWeb(Readable.from(body())) as BodyInit,
  });
  expect(started.status, started.text).toBe(202);
  const { batchExecutionId } = started.json<{ batchExecutionId: string }>();
  const batch = `/api/Huge/1/batch/${batchExecutionId}`;
  const all = Array.from({ length: ROWS }, (_, row) => row);
  // Until it has ended there are none.
  await vi.waitFor(
    async () => expect(await rowsIn(`${batch}?showPartialResults=false`)).toEqual(all),
    { timeout: 240_000, interval: 100 },
  );
  expect((await peak()) - before).toBeLessThan(MOST);
}, 300_000);
