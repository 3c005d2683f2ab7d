import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from '../support/refusal.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { consume, publish } from '../support/services.js';

let server: TestServer;
let session: string;
/** Of a session of this Python, but for the version that its manifest tells. */
let snapshotId: string;

beforeAll(async () => {
  server = await startTestServer();
  session = await newSession();
  const code = 'import numpy\ntable = numpy.arange(6)\ndef double(x):\n    return 2 * x';
  await server.request('POST', `${session}/execute`, { json: { code } });
  const saved = await server.request('POST', `${session}/snapshot`, { json: {} });
  snapshotId = await asOf('3.8.1', saved.json<{ snapshotId: string }>().snapshotId);
});
afterAll(() => server.close());

async function newSession(json: object = {}): Promise<string> {
  const created = await server.request('POST', '/sessions', {
    json: { runtimeType: 'Python', ...json },
  });
  expect(created.status, created.text).toBe(201);
  return `/sessions/${created.json<{ sessionId: string }>().sessionId}`;
}

/** Keeps a snapshot once more, as one that another Python has made. @returns its id */
async function asOf(python: string, id: string): Promise<string> {
  const { snapshots } = server.server.context;
  const record = await snapshots.find('admin', id);
  const { directory, release } = await snapshots.materialise(record);
  const other = await mkdtemp(join(server.dataDirectory, 'other-python-'));
  await cp(directory, other, { recursive: true });
  await release();
  const path = join(other, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...manifest, python }));
  return (await snapshots.create('admin', 'other', other)).id;
}

async function run(session: string, code: string) {
  const answer = await server.request('POST', `${session}/execute`, { json: { code } });
  return answer.json<{ success: boolean; errorMessage: string; consoleOutput: string }>();
}

const REASON =
  /double: it holds functions or classes of the notebook, compiled by Python 3\.8, and this is Python 3\.\d+; run it with Python 3\.8, or define them here again/;

describe('a snapshot of another Python', () => {
  it('is loaded but for its functions, and says which and what to do', async () => {
    const other = await newSession();
    const loaded = await server.request('POST', `${other}/loadsnapshot/${snapshotId}`);
    const words = 'Not all of the snapshot "other" can be restored here';
    expectRefusal(server, loaded, { status: 400, exceptionType: 'SNAPSHOT_NOT_LOADABLE', words });
    expect(loaded.json<{ message: string }>().message).toMatch(REASON);
    expect(await run(other, 'print(table.sum())')).toMatchObject({ consoleOutput: '15\n' });
  });

  it('begins no session that lacks them', async () => {
    const sessions = async () => (await server.request('GET', '/sessions')).json<unknown[]>();
    const before = await sessions();
    const json = { runtimeType: 'Python', snapshotId };
    const created = await server.request('POST', '/sessions', { json });
    expectRefusal(server, created, {
      ...{ status: 400, exceptionType: 'SNAPSHOT_NOT_LOADABLE', words: REASON },
    });
    expect(await sessions()).toHaveLength(before.length);
  });

  const definition = (code: string) => ({
    ...{ code, runtimeType: 'Python' as const, snapshotId },
    outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
  });

  it('makes a service of what does not need them', async () => {
    await publish(server, 'Table/1', definition('y = float(table.sum())'));
    expect((await consume(server, 'Table/1')).outputParameters).toEqual({ y: 15 });
  });

  it('makes none of what does, and leaves the name free', async () => {
    const json = definition('y = double(1)');
    const published = await server.request('POST', '/services/Double/1', { json });
    expectRefusal(server, published, {
      ...{ status: 400, exceptionType: 'SERVICE_NOT_LOADABLE', words: REASON },
    });
    expect((await server.request('GET', '/services/Double')).json()).toEqual([]);
  });
});
