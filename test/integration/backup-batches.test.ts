import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type * as Copy from '../../src/server/backup/copy.js';
import { backUp, restore } from '../../src/server/backup/index.js';
import { batchState, batchWith, startBatch } from '../support/batches.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { publish } from '../support/services.js';

/** What happens when a backup has copied the database, and nothing else yet. */
let meanwhile: (() => Promise<void>) | undefined;
vi.mock('../../src/server/backup/copy.js', async (load) => {
  const real = await load<typeof Copy>();
  return {
    ...real,
    async syncFile(path: string) {
      const task = meanwhile;
      meanwhile = undefined;
      await task?.();
      return await real.syncFile(path);
    },
  };
});

let base: string;
let server: TestServer;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-backup-batches-'));
  server = await startTestServer({ dataDirectory: join(base, 'data') });
});
afterAll(async () => {
  await server.close();
  await rm(base, { recursive: true, force: true, maxRetries: 5 });
});

/** Code that notes which row it runs, and waits for a door behind the first. */
const CODE = `
import os, time
with open(os.path.join(traces, "ran"), "a") as f: f.write(f"{x}")
while x > 0 and not os.path.exists(os.path.join(traces, "door")): time.sleep(0.005)
open("row.txt", "w").write(f"file of row {x}")
y = x
`;

it('a backup has batches as of one moment: each row with its files, or to be run again', async () => {
  await publish(server, 'Rows/1', {
    code: CODE,
    inputParameterDefinitions: [
      { name: 'x', type: 'integer' },
      { name: 'traces', type: 'character' },
    ],
    outputParameterDefinitions: [{ name: 'y', type: 'integer' }],
    outputFileNames: ['row.txt'],
  });
  const rows = [0, 1, 2].map((x) => ({ x, traces: base }));
  const ended = await startBatch(server.request, 'Rows/1', rows.slice(0, 1));
  await batchWith(server.request, ended);
  await writeFile(join(base, 'ran'), '');
  const running = await startBatch(server.request, 'Rows/1', rows, { query: '?parallelCount=1' });
  await batchWith(server.request, running, 1);
  const folderOf = (batch: string) =>
    join(server.dataDirectory, 'batches', batch.split('/').at(-1) as string);
  meanwhile = async () => {
    await writeFile(join(base, 'door'), '');
    await batchWith(server.request, running);
    await server.request('DELETE', ended);
  };
  await backUp(server.dataDirectory, join(base, 'backup'));
  expect(meanwhile).toBeUndefined();
  expect(await readFile(join(base, 'ran'), 'utf8')).toBe('012');

  // What the backup had to find goes when it is done.
  expect([existsSync(join(folderOf(running), 'rows')), existsSync(folderOf(ended))]).toEqual([
    true,
    true,
  ]);
  await server.server.context.batches.expire();
  expect([existsSync(join(folderOf(running), 'rows')), existsSync(folderOf(ended))]).toEqual([
    false,
    false,
  ]);

  const { password } = server;
  const dataDirectory = join(base, 'restored');
  await restore(join(base, 'backup'), dataDirectory);
  await server.close();
  server = await startTestServer({ dataDirectory }, password);
  const { batchExecutionResults } = await batchWith(server.request, running);
  expect(batchExecutionResults.map(({ outputParameters }) => outputParameters.y)).toEqual([
    0, 1, 2,
  ]);
  for (const row of [0, 1, 2]) {
    const file = await server.request('GET', `${running}/${row}/files/row.txt`);
    expect(file.text).toBe(`file of row ${row}`);
  }
  // The first row had its result before the backup; the others ended while it was made.
  expect(await readFile(join(base, 'ran'), 'utf8')).toBe('01212');
  expect((await batchState(server.request, ended)).completedItemCount).toBe(1);
});
