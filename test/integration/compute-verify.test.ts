import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { snapshotOf } from '../support/services.js';

let server: TestServer;
let directory: string;

beforeAll(async () => {
  server = await startTestServer();
  const { snapshots } = server.server.context;
  const id = await snapshotOf(
    server,
    "open('needed.py', 'w').write('class Thing: pass')\nimport needed\nfine, thing = [1], needed.Thing()",
  );
  const record = await snapshots.find('admin', id);
  ({ directory } = await snapshots.materialise(record));
});
afterAll(() => server.close());

it('a snapshot that comes back in a clean process is verified object by object', async () => {
  const objects = await server.server.context.compute.verifySnapshot(directory);
  expect(Object.fromEntries(objects.map(({ name, ok }) => [name, ok]))).toEqual({
    fine: true,
    needed: true,
    thing: true,
  });
});

it('an object that does not come back has the reason', async () => {
  await rm(join(directory, 'files', 'needed.py'));
  await writeFile(join(directory, 'files', 'needed.py'), '1/0');
  const objects = await server.server.context.compute.verifySnapshot(directory);
  const thing = objects.find(({ name }) => name === 'thing');
  expect(thing).toMatchObject({ ok: false, reason: expect.stringContaining('ZeroDivisionError') });
  expect(objects.find(({ name }) => name === 'fine')?.ok).toBe(true);
});

it('a directory that is no snapshot is told', async () => {
  await rm(join(directory, 'manifest.json'));
  await expect(server.server.context.compute.verifySnapshot(directory)).rejects.toThrow(
    'The snapshot cannot be loaded',
  );
});
