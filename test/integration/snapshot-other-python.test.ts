import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal } from '../support/refusal.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { consume, publish, tryPublish } from '../support/services.js';

let server: TestServer;
let session: string;
let madeHere: string;
/** Of a session of this Python, but for the version that its manifest tells. */
let snapshotId: string;

beforeAll(async () => {
  server = await startTestServer();
  session = await newSession();
  const code = 'import numpy\ntable = numpy.arange(6)\ndef double(x):\n    return 2 * x';
  await server.request('POST', `${session}/execute`, { json: { code } });
  const saved = await server.request('POST', `${session}/snapshot`, { json: {} });
  madeHere = saved.json<{ snapshotId: string }>().snapshotId;
  snapshotId = await asOf('3.8.1', madeHere);
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
const asOf = (python: string, id: string) =>
  altered(id, async (directory) => {
    const path = join(directory, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...manifest, python }));
  });

/** What is different where the array `table` was saved. */
interface PackageChange {
  /** Bytes of its pickle, and as many others. */
  readonly from: string;
  readonly to: string;
  /** Versions by names. */
  readonly packages: Readonly<Record<string, string>>;
}

/** Keeps a snapshot once more, as one that was made with other packages. @returns its id */
const withPackages = (id: string, { from, to, packages }: PackageChange) =>
  altered(id, async (directory) => {
    const path = join(directory, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as {
      packages: Record<string, string>;
      groups: { names: string[]; file: string; packages: string[] }[];
    };
    const group = manifest.groups.find(({ names }) => names.includes('table'));
    if (group === undefined) throw new RangeError('The snapshot does not hold table.');
    group.packages = Object.keys(packages);
    Object.assign(manifest.packages, packages);
    await writeFile(path, JSON.stringify(manifest));
    const pickle = await readFile(join(directory, group.file), 'latin1');
    expect(pickle).toContain(from);
    await writeFile(join(directory, group.file), pickle.replaceAll(from, to), 'latin1');
  });

/** Keeps a snapshot once more, with its files as they are after a change. @returns its id */
async function altered(id: string, alter: (directory: string) => Promise<void>): Promise<string> {
  const { snapshots } = server.server.context;
  const record = await snapshots.find('admin', id);
  const { directory, release } = await snapshots.materialise(record);
  const other = await mkdtemp(join(server.dataDirectory, 'other-python-'));
  await cp(directory, other, { recursive: true });
  await release();
  await alter(other);
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

  it('does not replace what a service runs on, which goes on as it was', async () => {
    const outputParameterDefinitions = [{ name: 'y', type: 'numeric' }];
    await publish(server, 'Kept/1', { code: 'y = 1', outputParameterDefinitions });
    const { code } = definition('y = double(1)');
    const patched = await server.request('PATCH', '/services/Kept/1', {
      json: { code, snapshotId },
    });
    expectRefusal(server, patched, {
      ...{ status: 400, exceptionType: 'SERVICE_NOT_LOADABLE', words: REASON },
    });
    expect((await consume(server, 'Kept/1')).outputParameters).toEqual({ y: 1 });
    const [service] = (await server.request('GET', '/services/Kept/1')).json<object[]>();
    expect(service).toMatchObject({ code: 'y = 1', snapshotId: null });
  });

  it('that is newer than this one is told as an older one is', async () => {
    const newer = await asOf('3.99.0', madeHere);
    const loaded = await server.request('POST', `${await newSession()}/loadsnapshot/${newer}`);
    const words = /compiled by Python 3\.99, and this is Python 3\.\d+; run it with Python 3\.99/;
    expectRefusal(server, loaded, { status: 400, exceptionType: 'SNAPSHOT_NOT_LOADABLE', words });
  });

  it('of the same minor version loses nothing', async () => {
    const session = await newSession();
    const { consoleOutput } = await run(
      session,
      'import platform; print(platform.python_version().rpartition(".")[0])',
    );
    const patch = await asOf(`${consoleOutput.trim()}.99`, madeHere);
    const loaded = await server.request('POST', `${session}/loadsnapshot/${patch}`);
    expect(loaded.status, loaded.text).toBe(200);
    expect(await run(session, 'print(double(21))')).toMatchObject({ consoleOutput: '42\n' });
  });
});

describe('a snapshot whose objects need packages that', () => {
  const cases: [string, PackageChange, RegExp][] = [
    [
      'are not here',
      { from: 'numpy._core', to: 'nompy._core', packages: { 'not-here': '1.2.3' } },
      /table: not-here is not installed here; .*pip install not-here==1\.2\.3/,
    ],
    [
      'are here without a name that they use',
      { from: '\x05dtype', to: '\x05other', packages: { numpy: '1.0.0' } },
      /table: AttributeError: .*'other' on <module 'numpy'> \(saved with numpy 1\.0\.0 \(here [\d.]+\)\)/,
    ],
  ];

  it.each(cases)('%s is told so, and not where the packages are', async (_what, change, words) => {
    const other = await withPackages(madeHere, change);
    const loaded = await server.request('POST', `${await newSession()}/loadsnapshot/${other}`);
    expectRefusal(server, loaded, { status: 400, exceptionType: 'SNAPSHOT_NOT_LOADABLE', words });
    const published = await tryPublish(server, 'Other/1', {
      ...{ code: 'y = float(table.sum())', snapshotId: other },
      outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
    });
    expectRefusal(server, published, { status: 400, exceptionType: 'SERVICE_NOT_LOADABLE', words });
  });
});
