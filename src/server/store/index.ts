/** What outlives the server: users, logins, snapshots and services in SQL, content as files. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely } from 'kysely';
import { takeHold } from '../hold.js';
import { BatchStore } from './batch-records.js';
import { BlobStore } from './blobs.js';
import { LoginStore } from './logins.js';
import { migrate } from './migrations.js';
import { ServiceStore } from './service-records.js';
import { SnapshotStore } from './snapshot-records.js';
import { NodeSqliteDialect, openDatabase } from './sqlite-dialect.js';
import type { Tables } from './tables.js';
import { UserStore } from './users.js';

export type { BatchFile, BatchRecord, BatchStore } from './batch-records.js';
export type { BlobStore } from './blobs.js';
export {
  MissingBlobError,
  type SnapshotTree,
  type TreeFile,
  UnsupportedFileError,
} from './blobs.js';
export type { LoginRecord, LoginSource, LoginStore } from './logins.js';
export { StoreMigrationError } from './migrations.js';
export {
  DuplicateServiceError,
  type PoolSize,
  type ServicePatch,
  type ServiceRecord,
  type ServiceStore,
} from './service-records.js';
export type { SnapshotRecord, SnapshotStore, SnapshotSummary } from './snapshot-records.js';
export type { KnownGroups, Role, UserRecord, UserStore } from './users.js';

/** The database as it was before the last change of its layout. */
const MIGRATION_COPY = 'slipway.db.before-migration';

/** The database of a data directory. */
export const DATABASE_FILE = 'slipway.db';

/** Held by whoever removes unused content, or wants none removed; in the data directory. */
export const GARBAGE_HOLD = 'garbage.db';

/** Everything that a server remembers. What a method has resolved for is on the disk. */
export interface Store {
  readonly users: UserStore;
  readonly logins: LoginStore;
  readonly snapshots: SnapshotStore;
  readonly services: ServiceStore;
  readonly batches: BatchStore;
  readonly blobs: BlobStore;
  /** Name and state of the database, for the status of the server. */
  probe(): Promise<{ readonly type: string; readonly name: string; readonly state: string }>;
  /** Removes content that no snapshot, no service and no batch refers to. @returns the number of blobs */
  collectGarbage(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens the store of a data directory, and creates or migrates it when needed.
 * @throws {StoreMigrationError} when the database has a layout that cannot be migrated
 */
export async function openStore(dataDirectory: string): Promise<Store> {
  const blobDirectory = join(dataDirectory, 'blobs');
  await mkdir(blobDirectory, { recursive: true, mode: 0o700 });
  const db = new Kysely<Tables>({
    dialect: new NodeSqliteDialect(() => openDatabase(join(dataDirectory, DATABASE_FILE))),
  });
  try {
    await migrate(db, join(dataDirectory, MIGRATION_COPY));
  } catch (error) {
    await db.destroy();
    throw error;
  }
  const snapshots = new SnapshotStore(db);
  const services = new ServiceStore(db);
  const batches = new BatchStore(db);
  const blobs = new BlobStore(blobDirectory);
  return {
    users: new UserStore(db),
    logins: new LoginStore(db),
    snapshots,
    services,
    batches,
    blobs,
    async probe() {
      await db.selectFrom('users').select('name').limit(1).execute();
      return { type: 'sqlite', name: 'main', state: 'Open' };
    },
    async collectGarbage() {
      // A backup that copies content keeps it; what is unused then is removed another time.
      const hold = takeHold(join(dataDirectory, GARBAGE_HOLD), 0);
      if (hold === undefined) return 0;
      try {
        return await removeUnused();
      } finally {
        hold.release();
      }
    },
    close: () => db.destroy(),
  };

  async function removeUnused(): Promise<number> {
    const trees = [
      ...(await snapshots.trees()),
      ...(await services.trees()),
      ...(await batches.trees()),
    ];
    const keep = new Set(trees.flatMap((tree) => tree.files.map((file) => file.sha256)));
    for (const sha256 of await batches.contents()) keep.add(sha256);
    return blobs.collectGarbage(keep);
  }
}
