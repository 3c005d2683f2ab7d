import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CONFIG_DEFAULTS } from '../../src/server/index.js';
import { batchState, batchWith, type Request, startBatch } from '../support/batches.js';
import { cliEnvironment, type ServerProcess, startServerProcess } from '../support/cli.js';
import { send, startTestServer } from '../support/server.js';

/** Code that notes which row it runs, and then waits for a door behind the row that is named. */
const CODE = `
import os, time
with open(log, "a") as f: f.write(f"{x}\\n")
while x >= stop and not os.path.exists(door): time.sleep(0.005)
y = x
open("row.txt", "w").write(str(x))
`;
const SERVICE = {
  runtimeType: 'Python',
  code: CODE,
  inputParameterDefinitions: [
    { name: 'x', type: 'integer' },
    { name: 'log', type: 'character' },
    { name: 'stop', type: 'integer' },
    { name: 'door', type: 'character' },
  ],
  outputParameterDefinitions: [{ name: 'y', type: 'integer' }],
  outputFileNames: ['row.txt'],
};
const ROWS = 60;
const STOP = 25;

let home: string;
/** Where rows leave traces: services of a server that root runs do not see its data directory. */
let traces: string;
const folder = () => ({ log: join(traces, 'ran.log'), door: join(traces, 'door') });
const rows = () => Array.from({ length: ROWS }, (_, x) => ({ x, stop: STOP, ...folder() }));

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-batches-'));
  traces = await mkdtemp(join(tmpdir(), 'slipway-traces-'));
});
afterEach(async () => {
  for (const path of [home, traces]) {
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** How often each row was begun. */
async function runs(): Promise<number[]> {
  const counts = new Array<number>(ROWS).fill(0);
  const text = await readFile(folder().log, 'utf8');
  for (const line of text.trim().split('\n'))
    counts[Number(line)] = (counts[Number(line)] ?? 0) + 1;
  return counts;
}

async function expectWhole(request: Request, batch: string): Promise<void> {
  const { batchExecutionResults } = await batchWith(request, batch);
  expect(batchExecutionResults.map((result) => result.outputParameters.y)).toEqual(
    rows().map(({ x }) => x),
  );
  for (const row of [0, STOP, ROWS - 1]) {
    expect((await request('GET', `${batch}/${row}/files/row.txt`)).text).toBe(`${row}`);
  }
}

describe('a batch whose server is killed with -9', () => {
  let server: ServerProcess | undefined;
  afterEach(async () => {
    await server?.end('SIGKILL');
  });

  async function start(): Promise<Request> {
    server = await startServerProcess(home, cliEnvironment(home));
    const { url, username, password } = server.runtime;
    const login = await send(url, null, 'POST', '/login', { json: { username, password } });
    const { access_token } = login.json<{ access_token: string }>();
    return (method, path, options) => send(url, access_token, method, path, options);
  }

  it('goes on after the next start, and no row whose result was told runs again', async () => {
    const first = await start();
    expect((await first('POST', '/services/Rows/1', { json: SERVICE })).status).toBe(201);
    const batch = await startBatch(first, 'Rows/1', rows());
    const { completedItemCount } = await batchWith(first, batch, STOP);
    await server?.end('SIGKILL');
    const before = await runs();

    const second = await start();
    const resumed = await batchState(second, batch);
    expect(resumed.completedItemCount).toBeGreaterThanOrEqual(completedItemCount);
    expect(resumed.state).not.toBe('Complete');
    await writeFile(folder().door, '');
    await expectWhole(second, batch);
    const after = await runs();
    expect(after.slice(0, completedItemCount)).toEqual(new Array(completedItemCount).fill(1));
    // Those that ran when it was killed run again, and no others.
    const again = after.filter((count) => count > 1).length;
    expect(again).toBeLessThanOrEqual(before.filter((count) => count > 0).length - STOP);
  });

  it('cuts off a result that was half written, and runs its row again', async () => {
    const first = await start();
    await first('POST', '/services/Rows/1', { json: SERVICE });
    const batch = await startBatch(first, 'Rows/1', rows());
    const { completedItemCount } = await batchWith(first, batch, STOP);
    await server?.end('SIGKILL');
    const id = batch.split('/').at(-1) as string;
    const results = await open(join(home, 'batches', id, 'results'), 'a');
    const half = Buffer.alloc(100);
    half.writeUInt32BE(completedItemCount, 0);
    half.writeUInt32BE(50, 4);
    await results.write(half);
    await results.close();
    await writeFile(folder().door, '');

    await expectWhole(await start(), batch);
  });
});

describe('a batch whose server is stopped', () => {
  it('goes on with the next, as it was begun, though the service was deleted; its results outlive one more', async () => {
    const dataDirectory = join(home, 'data');
    let server = await startTestServer({ dataDirectory });
    try {
      await server.request('POST', '/services/Rows/1', { json: SERVICE });
      const batch = await startBatch(server.request, 'Rows/1', rows());
      await batchWith(server.request, batch, STOP);
      await server.request('DELETE', '/services/Rows/1');
      await server.close();
      const restart = () => startTestServer({ dataDirectory }, server.password);
      server = await restart();
      await writeFile(folder().door, '');
      await expectWhole(server.request, batch);
      await server.close();
      server = await restart();
      await expectWhole(server.request, batch);
      expect((await runs()).slice(0, STOP)).toEqual(new Array(STOP).fill(1));
    } finally {
      await server.close();
    }
  });
});

describe('results', () => {
  it('expire when they have been kept for as long as the server is told to', async () => {
    const dataDirectory = join(home, 'data');
    const settings = { dataDirectory, batch: { ...CONFIG_DEFAULTS.batch, keep: 1 } };
    let server = await startTestServer(settings);
    try {
      await server.request('POST', '/services/Rows/1', { json: SERVICE });
      await writeFile(folder().door, '');
      const batch = await startBatch(server.request, 'Rows/1', rows().slice(0, 2));
      await batchWith(server.request, batch);
      await vi.waitFor(async () => expect((await server.request('GET', batch)).status).toBe(404), {
        timeout: 10_000,
      });
      expect((await server.request('GET', '/api/Rows/1/batch')).json()).toEqual([]);
      // What cannot be reached any more takes no room after the next start.
      const files = join(dataDirectory, 'batches', batch.split('/').at(-1) as string);
      expect(existsSync(files)).toBe(true);
      await server.close();
      server = await startTestServer(settings, server.password);
      await vi.waitFor(() => expect(existsSync(files)).toBe(false));
    } finally {
      await server.close();
    }
  });
});
