import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { consume, publish, snapshotOf } from '../support/services.js';

let dataDirectory: string;
let server: TestServer;

beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'slipway-restart-'));
  server = await startTestServer({ dataDirectory });
});
afterAll(async () => {
  await server.close();
  await rm(dataDirectory, { recursive: true, force: true });
});

it('services are there after a restart of the server, with their own copy of the snapshot', async () => {
  const snapshotId = await snapshotOf(
    server,
    "def double(x):\n    return 2 * x\nwith open('file.txt', 'w') as f: _ = f.write('kept')",
  );
  await publish(server, 'Lasting/1', {
    code: "y = double(x)\ntext = open('file.txt').read()",
    snapshotId,
    inputParameterDefinitions: [{ name: 'x', type: 'integer' }],
    outputParameterDefinitions: [
      { name: 'y', type: 'integer' },
      { name: 'text', type: 'character' },
    ],
  });
  const before = await server.request('GET', '/services/Lasting/1');
  await server.request('DELETE', `/snapshots/${snapshotId}`);
  await server.close();

  server = await startTestServer({ dataDirectory }, server.password);
  // The first call need not wait until the server has resumed its services by itself.
  const { outputParameters } = await consume(server, 'Lasting/1', { x: 21 });
  expect(outputParameters).toEqual({ y: 42, text: 'kept' });
  const after = await server.request('GET', '/services/Lasting/1');
  expect(after.text).toBe(before.text);
});

it('a deleted service stays deleted', async () => {
  await publish(server, 'Brief/1', { code: 'pass' });
  await server.request('DELETE', '/services/Brief/1');
  await server.close();
  server = await startTestServer({ dataDirectory }, server.password);
  const answer = await server.request('POST', '/api/Brief/1', { json: {} });
  expect(answer.status).toBe(404);
});

it('a service that cannot be restored any more answers 503 with the reason, and others go on', async () => {
  const snapshotId = await snapshotOf(server, 'x = [1]');
  await publish(server, 'Broken/1', { code: 'y = x', snapshotId });
  const record = await server.server.context.store.services.find('Broken', '1');
  const lost = record?.tree?.files.find(({ path }) => path === 'manifest.json');
  await server.request('DELETE', `/snapshots/${snapshotId}`);
  await server.close();
  const { sha256 } = lost as { sha256: string };
  await rm(join(dataDirectory, 'blobs', sha256.slice(0, 2), sha256.slice(2)));

  server = await startTestServer({ dataDirectory }, server.password);
  const answer = await server.request('POST', '/api/Broken/1', { json: {} });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).not.toBeNull();
  expect(answer.json<{ message: string }>().message).toContain('Broken/1');
  expect((await consume(server, 'Lasting/1', { x: 1 })).outputParameters.y).toBe(2);
  expect((await server.request('DELETE', '/services/Broken/1')).status).toBe(200);
});
