import { mkdir, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Entry, fromBuffer, type Options, type ZipFile } from 'yauzl';
import type { Snapshot } from '../../src/api/index.js';
import { InvalidSnapshotError, type SnapshotRecord } from '../../src/server/snapshots/index.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Saves a snapshot as a session would hand it over. */
async function save(
  name: string | undefined,
  files: Record<string, string> = {},
  owner = 'admin',
): Promise<SnapshotRecord> {
  const directory = await mkdtemp(join(server.dataDirectory, 'handed-over-'));
  const all = { 'manifest.json': '{"format":1}', 'objects/0.pickle': 'pickle', ...files };
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  return server.server.context.snapshots.create(owner, name, directory);
}

/** Paths and contents of a zip file. */
async function unzip(bytes: Buffer): Promise<Record<string, string>> {
  const open = promisify<Buffer, Options, ZipFile>(fromBuffer);
  const zip = await open(bytes, { lazyEntries: true });
  const openEntry = promisify<Entry, NodeJS.ReadableStream>(zip.openReadStream.bind(zip));
  const contents: Record<string, string> = {};
  return new Promise((resolve, reject) => {
    zip.on('error', reject);
    zip.on('end', () => resolve(contents));
    zip.on('entry', (entry: Entry) => {
      openEntry(entry)
        .then(async (stream) => {
          contents[entry.fileName] = await text(stream);
          zip.readEntry();
        })
        .catch(reject);
    });
    zip.readEntry();
  });
}

const list = async (token?: string) =>
  (await server.request('GET', '/snapshots', token ? { token } : {})).json<Snapshot[]>();

describe('GET /snapshots', () => {
  it('lists the own ones with the size of their zip, oldest first', async () => {
    const first = await save('one');
    const second = await save('two');
    const wire = ({ id, name, owner, creationTime, contentSize }: SnapshotRecord) => ({
      id,
      name,
      owner,
      creationTime,
      contentSize,
    });
    expect((await list()).slice(-2)).toEqual([wire(first), wire(second)]);
    expect(first.creationTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?$/);
  });

  it('shows nobody the snapshots of another user', async () => {
    const token = await server.addUser('grace');
    await save('hers', {}, 'grace');
    expect((await list(token)).map((snapshot) => snapshot.name)).toEqual(['hers']);
    expect((await list()).map((snapshot) => snapshot.name)).not.toContain('hers');
  });

  it('names a snapshot without a name by its id', async () => {
    const { id, name } = await save(undefined);
    expect(name).toBe(id);
  });
});

describe('GET /snapshots/{id}', () => {
  it('sends a zip of exactly the announced size with the files at its root', async () => {
    const record = await save('zip', {
      'files/data/a.csv': '1,2',
      'files/ü.txt': 'ü',
      'buffers/0': 'b',
    });
    const answer = await server.request('GET', `/snapshots/${record.id}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/zip');
    expect(Number(answer.headers.get('content-length'))).toBe(record.contentSize);
    expect(answer.bytes.length).toBe(record.contentSize);
    expect(await unzip(answer.bytes)).toEqual({
      'data/a.csv': '1,2',
      'ü.txt': 'ü',
      '.slipway/manifest.json': '{"format":1}',
      '.slipway/objects/0.pickle': 'pickle',
      '.slipway/buffers/0': 'b',
    });
  });

  it('keeps names out of the way that would collide or unzip elsewhere', async () => {
    const record = await save('odd', {
      'files/.slipway/manifest.json': 'mine',
      'files/..\\up': 'x',
    });
    const { bytes } = await server.request('GET', `/snapshots/${record.id}`);
    expect(await unzip(bytes)).toMatchObject({
      '.slipway/manifest.json': '{"format":1}',
      '.slipway/files/.slipway/manifest.json': 'mine',
      '.slipway/files/..%5Cup': 'x',
    });
  });

  it('finds a snapshot by its name, the newest of several', async () => {
    await save('named', { 'files/v': 'old' });
    await save('named', { 'files/v': 'new' });
    const { bytes } = await server.request('GET', '/snapshots/named');
    expect(await unzip(bytes)).toMatchObject({ v: 'new' });
  });

  it.each(['unknown', '00000000-0000-4000-8000-000000000000', '%2e%2e%2fetc'])(
    'answers %s with 404 and a sentence',
    async (id) => {
      const answer = await server.request('GET', `/snapshots/${id}`);
      expect(answer.status).toBe(404);
      expect(answer.json()).toMatchObject({ exceptionType: 'SNAPSHOT_NOT_FOUND' });
    },
  );

  it('answers 404 for the snapshot of another user, by id and by name', async () => {
    const { id } = await save('secret', {}, 'somebody');
    expect((await server.request('GET', `/snapshots/${id}`)).status).toBe(404);
    expect((await server.request('GET', '/snapshots/secret')).status).toBe(404);
    expect((await server.request('DELETE', `/snapshots/${id}`)).status).toBe(404);
  });
});

describe('DELETE /snapshots/{id}', () => {
  it('answers with a JSON string and removes it from the list', async () => {
    const { id } = await save('gone');
    const answer = await server.request('DELETE', `/snapshots/${id}`, {
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(200);
    expect(answer.json()).toBe(id);
    expect((await list()).map((snapshot) => snapshot.id)).not.toContain(id);
    expect((await server.request('DELETE', `/snapshots/${id}`)).status).toBe(404);
  });
});

describe('a saved snapshot', () => {
  it('can be read as a directory until that is released', async () => {
    const record = await save('read', { 'files/a': 'x' });
    const { directory, release } = await server.server.context.snapshots.materialise(record);
    expect(await readFile(join(directory, 'files/a'), 'utf8')).toBe('x');
    await release();
    await expect(stat(directory)).rejects.toThrow('ENOENT');
  });

  it('takes the handed-over directory away', async () => {
    await save('moved');
    const left = await readdir(server.dataDirectory);
    expect(left.filter((name) => name.startsWith('handed-over-'))).toEqual([]);
  });

  it('is refused without a readable manifest', async () => {
    await expect(save('bad', { 'manifest.json': 'no json' })).rejects.toThrow(InvalidSnapshotError);
    await expect(save('bad', { 'manifest.json': '[]' })).rejects.toThrow(InvalidSnapshotError);
  });
});
