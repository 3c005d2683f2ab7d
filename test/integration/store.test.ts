import { randomBytes } from 'node:crypto';
import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DuplicateServiceError,
  MissingBlobError,
  openStore,
  type ServiceRecord,
  type Store,
  StoreMigrationError,
  UnsupportedFileError,
} from '../../src/server/store/index.js';

let base: string;
let store: Store;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-store-'));
  store = await openStore(base);
});
afterEach(async () => {
  await store.close();
  await rm(base, { recursive: true, force: true });
});

/** A directory with these files, by path and content. */
async function directoryWith(files: Record<string, string | Buffer>): Promise<string> {
  const directory = await mkdtemp(join(base, 'source-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  return directory;
}

async function reopen(): Promise<void> {
  await store.close();
  store = await openStore(base);
}

/** How many blobs there are. */
async function countBlobs(): Promise<number> {
  const shards = await readdir(join(base, 'blobs'));
  const lists = await Promise.all(shards.map((shard) => readdir(join(base, 'blobs', shard))));
  return lists.flat().length;
}

const service = (
  name: string,
  version: string,
  changes: Partial<ServiceRecord> = {},
): ServiceRecord => ({
  name,
  version,
  owner: 'admin',
  creationTime: '2026-01-02T03:04:05.6',
  snapshotId: null,
  tree: null,
  runtimeType: 'Python',
  code: 'y = x',
  initCode: null,
  description: null,
  operationId: 'consume',
  inputs: [{ name: 'x', type: 'numeric' }],
  outputs: [{ name: 'y', type: 'numeric' }],
  outputFileNames: [],
  python: '3.11.7',
  packages: { numpy: '2.0.0' },
  pool: null,
  ...changes,
});

describe('published services', () => {
  it('come back as they were after the store is opened again', async () => {
    const record = service('Iris', 'V1.0', {
      snapshotId: 's',
      tree: { files: [{ path: 'a', sha256: '0'.repeat(64), size: 1, mode: 0o600 }] },
      description: 'ünïcode',
      outputFileNames: ['a.png'],
      pool: { initial: 0, max: 4 },
    });
    await store.services.insert(record);
    await reopen();
    expect(await store.services.find('Iris', 'V1.0')).toEqual(record);
  });

  it('refuse a second one with the same name and version', async () => {
    await store.services.insert(service('Iris', 'V1.0'));
    await expect(store.services.insert(service('Iris', 'V1.0', { code: '2' }))).rejects.toThrow(
      DuplicateServiceError,
    );
    expect((await store.services.find('Iris', 'V1.0'))?.code).toBe('y = x');
  });

  it('tell names apart by their case', async () => {
    await store.services.insert(service('Iris', 'V1.0'));
    await store.services.insert(service('iris', 'V1.0'));
    expect(await store.services.find('IRIS', 'V1.0')).toBeUndefined();
  });

  it('are listed oldest first, all or those of a name', async () => {
    await store.services.insert(service('b', '2', { creationTime: '2026-01-01T00:00:00.2' }));
    await store.services.insert(service('a', '1', { creationTime: '2026-01-01T00:00:00.12' }));
    await store.services.insert(service('b', '1', { creationTime: '2026-01-01T00:00:00' }));
    const labels = (records: readonly ServiceRecord[]) =>
      records.map((record) => `${record.name}/${record.version}`);
    expect(labels(await store.services.list())).toEqual(['b/1', 'a/1', 'b/2']);
    expect(labels(await store.services.list('b'))).toEqual(['b/1', 'b/2']);
  });

  it('change only what a patch names, and null is a value', async () => {
    const record = service('Iris', 'V1.0', { description: 'old', initCode: 'a = 1' });
    await store.services.insert(record);
    expect(
      await store.services.update('Iris', 'V1.0', { description: 'new', initCode: null }),
    ).toBe(true);
    expect(await store.services.find('Iris', 'V1.0')).toEqual({
      ...record,
      description: 'new',
      initCode: null,
    });
  });

  it('say when there was nothing to change or delete', async () => {
    expect(await store.services.update('no', '1', { description: '' })).toBe(false);
    expect(await store.services.update('no', '1', {})).toBe(false);
    expect(await store.services.delete('no', '1')).toBe(false);
  });
});

describe('statements', () => {
  it('of concurrent callers do not mix', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `s${index}`);
    await Promise.all(names.map((name) => store.services.insert(service(name, '1'))));
    const found = await Promise.all(names.map((name) => store.services.find(name, '1')));
    expect(found.map((record) => record?.name)).toEqual(names);
  });

  it('treat names as data', async () => {
    const name = `x'; drop table services; --`;
    await store.services.insert(service(name, '1'));
    expect((await store.services.find(name, '1'))?.name).toBe(name);
  });
});

describe('the database', () => {
  it('keeps a write-ahead log, so that another process can read while the server writes', () => {
    const database = new DatabaseSync(join(base, 'slipway.db'));
    try {
      expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    } finally {
      database.close();
    }
  });

  it('is refused when a newer version wrote it, with advice', async () => {
    await store.close();
    const database = new DatabaseSync(join(base, 'slipway.db'));
    database.exec("insert into kysely_migration values ('9999-from-the-future', '2030-01-01')");
    database.close();
    const attempt = openStore(base);
    await expect(attempt).rejects.toThrow(StoreMigrationError);
    await expect(attempt).rejects.toThrow(/another data directory/);
    const repaired = new DatabaseSync(join(base, 'slipway.db'));
    repaired.exec("delete from kysely_migration where name = '9999-from-the-future'");
    repaired.close();
    store = await openStore(base);
  });
});

describe('content', () => {
  it('comes back byte for byte in the same places', async () => {
    const big = randomBytes(3 << 20);
    const directory = await directoryWith({
      'manifest.json': '{}',
      'files/a/b.bin': big,
      'files/ü': '',
    });
    const tree = await store.blobs.ingest(directory);
    expect(tree.files.map((file) => file.path)).toEqual([
      'files/a/b.bin',
      'files/ü',
      'manifest.json',
    ]);
    const target = join(base, 'target');
    await store.blobs.materialise(tree, target);
    expect((await readFile(join(target, 'files/a/b.bin'))).equals(big)).toBe(true);
    expect((await stat(join(target, 'files/ü'))).size).toBe(0);
  });

  it('is kept once, however often it is saved', async () => {
    const first = await store.blobs.ingest(await directoryWith({ a: 'same', b: 'same' }));
    const second = await store.blobs.ingest(await directoryWith({ c: 'same' }));
    expect(new Set([...first.files, ...second.files].map((file) => file.sha256)).size).toBe(1);
    expect(await countBlobs()).toBe(1);
  });

  it('is linked, not copied, and read-only', async () => {
    const tree = await store.blobs.ingest(await directoryWith({ a: 'linked' }));
    const target = join(base, 'target');
    await store.blobs.materialise(tree, target);
    const { nlink, mode } = await stat(join(target, 'a'));
    expect(nlink).toBe(2);
    expect(mode & 0o222).toBe(0);
  });

  it('of links and special files is refused by name', async () => {
    const directory = await directoryWith({ a: 'x' });
    await symlink('/etc/passwd', join(directory, 'outside'));
    const attempt = store.blobs.ingest(directory);
    await expect(attempt).rejects.toThrow(UnsupportedFileError);
    await expect(attempt).rejects.toThrow(/outside/);
  });

  it('is never written outside of the target', async () => {
    const tree = await store.blobs.ingest(await directoryWith({ a: 'x' }));
    const [file] = tree.files;
    const evil = { files: [{ ...file, path: '../evil' }] } as typeof tree;
    await expect(store.blobs.materialise(evil, join(base, 'target'))).rejects.toThrow(
      UnsupportedFileError,
    );
    await expect(stat(join(base, 'evil'))).rejects.toThrow('ENOENT');
  });

  it('that was lost is reported with the file it belongs to', async () => {
    const tree = await store.blobs.ingest(await directoryWith({ 'objects/0.pickle': 'x' }));
    await rm(join(base, 'blobs'), { recursive: true });
    const attempt = store.blobs.materialise(tree, join(base, 'target'));
    await expect(attempt).rejects.toThrow(MissingBlobError);
    await expect(attempt).rejects.toThrow(/objects\/0\.pickle/);
  });

  it('survives the original, which keeps no handle on it', async () => {
    const directory = await directoryWith({ a: 'kept' });
    const tree = await store.blobs.ingest(directory);
    await rm(directory, { recursive: true });
    await store.blobs.materialise(tree, join(base, 'target'));
    expect(await readFile(join(base, 'target', 'a'), 'utf8')).toBe('kept');
  });
});

describe('the collection of garbage', () => {
  /** Makes all blobs look as if nobody had touched them for two hours. */
  async function age(): Promise<void> {
    const old = new Date(Date.now() - 2 * 60 * 60 * 1000);
    for (const shard of await readdir(join(base, 'blobs'))) {
      for (const name of await readdir(join(base, 'blobs', shard))) {
        await utimes(join(base, 'blobs', shard, name), old, old);
      }
    }
  }

  it('removes what nothing refers to and keeps the rest', async () => {
    const kept = await store.blobs.ingest(await directoryWith({ a: 'kept', b: 'shared' }));
    await store.services.insert(service('s', '1', { tree: kept }));
    await store.blobs.ingest(await directoryWith({ a: 'garbage', b: 'shared' }));
    await age();
    expect(await store.collectGarbage()).toBe(1);
    await store.blobs.materialise(kept, join(base, 'target'));
    expect(await readFile(join(base, 'target', 'b'), 'utf8')).toBe('shared');
  });

  it('leaves young content alone, which may belong to a snapshot that is being saved', async () => {
    await store.blobs.ingest(await directoryWith({ a: 'young' }));
    expect(await store.collectGarbage()).toBe(0);
    await age();
    await store.blobs.ingest(await directoryWith({ a: 'young' }));
    expect(await store.collectGarbage()).toBe(0);
  });

  it('keeps the content of links that are still being read', async () => {
    const tree = await store.blobs.ingest(await directoryWith({ a: 'read' }));
    await store.blobs.materialise(tree, join(base, 'target'));
    await link(join(base, 'target', 'a'), join(base, 'second'));
    await age();
    await store.collectGarbage();
    expect(await readFile(join(base, 'second'), 'utf8')).toBe('read');
  });
});
