import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { v4 } from 'uuid';
import type { SnapshotRecord, SnapshotSummary, SnapshotTree, Store } from '../store/index.js';
import { wireTime } from '../time.js';
import { InvalidSnapshotError, SnapshotNotFoundError } from './errors.js';
import { type ZipDownload, zipSize, zipSnapshot } from './zip.js';

/** A snapshot's directory for the time that someone reads it. */
export interface MaterialisedSnapshot {
  /** Absolute path; its files are read-only. */
  readonly directory: string;
  /** Removes the directory. */
  release(): Promise<void>;
}

/** Snapshots of sessions. Each belongs to the user who made it and to nobody else. */
export class Snapshots {
  readonly #store: Store;
  readonly #workDirectory: string;

  /** @param workDirectory absolute path where directories of snapshots are built to be read */
  constructor(store: Store, workDirectory: string) {
    this.#store = store;
    this.#workDirectory = workDirectory;
  }

  /**
   * Takes over a directory that a session has written and records it as a snapshot. When this
   * resolves, the snapshot is on the disk; the directory is removed.
   * @throws {InvalidSnapshotError} when the directory holds no manifest
   */
  async create(
    owner: string,
    name: string | undefined,
    directory: string,
  ): Promise<SnapshotRecord> {
    const manifest = await readManifest(directory);
    const tree = await this.#store.blobs.ingest(directory);
    const id = v4();
    const creationTime = wireTime(new Date());
    const record: SnapshotRecord = {
      id,
      name: name ?? id,
      owner,
      creationTime,
      contentSize: zipSize(tree, creationTime),
      tree,
      manifest,
    };
    await this.#store.snapshots.insert(record);
    await rm(directory, { recursive: true, force: true });
    return record;
  }

  /** The user's snapshots, oldest first. */
  list(owner: string): Promise<SnapshotSummary[]> {
    return this.#store.snapshots.list(owner);
  }

  /**
   * A snapshot of the user by id, or by name when no id matches: then the newest with that name.
   * @throws {SnapshotNotFoundError} also for another user's snapshot
   */
  async find(owner: string, idOrName: string): Promise<SnapshotRecord> {
    const record = await this.#store.snapshots.find(idOrName);
    if (record?.owner === owner) {
      return record;
    }
    const named = await this.#store.snapshots.findByName(owner, idOrName);
    if (named === undefined) {
      throw new SnapshotNotFoundError(idOrName);
    }
    return named;
  }

  /** @throws {SnapshotNotFoundError} */
  async remove(owner: string, idOrName: string): Promise<void> {
    const record = await this.find(owner, idOrName);
    if (!(await this.#store.snapshots.delete(record.id))) {
      throw new SnapshotNotFoundError(idOrName);
    }
  }

  /** Builds the directory of a snapshot, or of a service's copy of one, to be read. */
  async materialise(source: SnapshotRecord | SnapshotTree): Promise<MaterialisedSnapshot> {
    const directory = join(this.#workDirectory, v4());
    const release = () => rm(directory, { recursive: true, force: true });
    try {
      await this.materialiseInto(source, directory);
    } catch (error) {
      await release();
      throw error;
    }
    return { directory, release };
  }

  /** The same in a directory of the caller's, whose files are to be read, never written. */
  async materialiseInto(source: SnapshotRecord | SnapshotTree, directory: string): Promise<void> {
    await this.#store.blobs.materialise('tree' in source ? source.tree : source, directory);
  }

  /** Its zip file; `size` is the record's `contentSize`. */
  zip(record: SnapshotRecord): ZipDownload {
    return zipSnapshot(record.tree, record.creationTime, this.#store.blobs);
  }
}

async function readManifest(directory: string): Promise<SnapshotRecord['manifest']> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'));
  } catch (error) {
    throw new InvalidSnapshotError(
      'The session did not write a readable manifest for its snapshot. Try again; if it repeats, restart the session.',
      { cause: error },
    );
  }
  if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) {
    throw new InvalidSnapshotError(
      'The manifest that the session wrote for its snapshot is not a JSON object. Restart the session and try again.',
    );
  }
  return manifest as SnapshotRecord['manifest'];
}
