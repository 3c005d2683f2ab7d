import { rm } from 'node:fs/promises';
import { type Kysely, sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import { closeToOthers } from '../files.js';
import type { Tables } from './tables.js';

/** Applied in the order of their names, each once; a released one is never edited. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first-tables': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('users')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('password_hash', 'text', (column) => column.notNull())
        .addColumn('creation_time', 'text', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('logins')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('user_name', 'text', (column) =>
          column.notNull().references('users.name').onDelete('cascade'),
        )
        .addColumn('access_id', 'text', (column) => column.notNull())
        .addColumn('refresh_hash', 'text', (column) => column.notNull())
        .addColumn('started_at', 'bigint', (column) => column.notNull())
        .addColumn('renewed_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('snapshots')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('owner', 'text', (column) => column.notNull())
        .addColumn('creation_time', 'text', (column) => column.notNull())
        .addColumn('content_size', 'bigint', (column) => column.notNull())
        .addColumn('tree', 'text', (column) => column.notNull())
        .addColumn('manifest', 'text', (column) => column.notNull())
        .execute();
      await db.schema
        .createIndex('snapshots_of_owner')
        .on('snapshots')
        .columns(['owner', 'creation_time'])
        .execute();
      await db.schema
        .createTable('services')
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('version', 'text', (column) => column.notNull())
        .addColumn('owner', 'text', (column) => column.notNull())
        .addColumn('creation_time', 'text', (column) => column.notNull())
        .addColumn('snapshot_id', 'text')
        .addColumn('tree', 'text')
        .addColumn('runtime_type', 'text', (column) => column.notNull())
        .addColumn('code', 'text', (column) => column.notNull())
        .addColumn('init_code', 'text')
        .addColumn('description', 'text')
        .addColumn('operation_id', 'text', (column) => column.notNull())
        .addColumn('inputs', 'text', (column) => column.notNull())
        .addColumn('outputs', 'text', (column) => column.notNull())
        .addColumn('output_file_names', 'text', (column) => column.notNull())
        .addColumn('python', 'text', (column) => column.notNull())
        .addColumn('packages', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('services_primary_key', ['name', 'version'])
        .execute();
    },
  },
  '0002-batches': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('batches')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('service_name', 'text', (column) => column.notNull())
        .addColumn('service_version', 'text', (column) => column.notNull())
        .addColumn('owner', 'text', (column) => column.notNull())
        .addColumn('creation_time', 'text', (column) => column.notNull())
        .addColumn('parallel_count', 'integer', (column) => column.notNull())
        .addColumn('total', 'integer', (column) => column.notNull())
        .addColumn('service', 'text', (column) => column.notNull())
        .addColumn('finished_at', 'bigint')
        .addColumn('failure', 'text')
        .execute();
      await db.schema
        .createIndex('batches_of_owner')
        .on('batches')
        .columns(['owner', 'service_name', 'service_version', 'creation_time'])
        .execute();
      await db.schema
        .createTable('batch_files')
        .addColumn('batch_id', 'text', (column) =>
          column.notNull().references('batches.id').onDelete('cascade'),
        )
        .addColumn('item', 'integer', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull())
        .addColumn('size', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('batch_files_primary_key', ['batch_id', 'item', 'name'])
        .execute();
    },
  },
  '0003-accounts': {
    async up(db: Kysely<unknown>) {
      await db.schema
        .alterTable('logins')
        .addColumn('source', 'text', (column) => column.notNull().defaultTo('local'))
        .execute();
      await db.schema.alterTable('users').addColumn('groups', 'text').execute();
      await db.schema.alterTable('users').addColumn('groups_at', 'bigint').execute();
    },
  },
  '0004-service-pools': {
    async up(db: Kysely<unknown>) {
      for (const column of ['pool_initial_size', 'pool_max_size']) {
        await db.schema.alterTable('services').addColumn(column, 'integer').execute();
      }
    },
  },
};

/**
 * Brings the database to the newest layout: by all steps that it lacks or, when one of them fails,
 * by none. A database with data in it is copied first.
 * @param copyTo where the copy goes, in the place of an earlier one
 * @param migrations those of this version; others for tests
 * @throws {StoreMigrationError} when a step fails or a newer Slipway wrote the database
 */
export async function migrate(
  db: Kysely<Tables>,
  copyTo: string,
  migrations: Readonly<Record<string, Migration>> = MIGRATIONS,
): Promise<void> {
  const provider: MigrationProvider = { getMigrations: async () => ({ ...migrations }) };
  const migrator = new Migrator({
    db,
    provider,
    // They do not depend on each other, and were not finished in the order of their numbers.
    allowUnorderedMigrations: true,
  });
  const steps = await migrator.getMigrations();
  const isOld = steps.some(({ executedAt }) => executedAt !== undefined);
  const copy = isOld && steps.some(({ executedAt }) => executedAt === undefined);
  if (copy) await copyDatabase(db, copyTo);
  // A table that is made anew is dropped, and must not take with it what refers to its rows. Within
  // a transaction this cannot be switched.
  await sql`pragma foreign_keys = off`.execute(db);
  const { error, results } = await migrator.migrateToLatest();
  await sql`pragma foreign_keys = on`.execute(db);
  if (error !== undefined) {
    const failed = results?.find((result) => result.status === 'Error');
    throw new StoreMigrationError(
      `The database could not be brought to the layout of this version${failed ? ` (step ${failed.migrationName})` : ''}: ${error instanceof Error ? error.message : String(error)}. It was left as it is. Start the version of Slipway that last used this data directory, or another data directory.`,
      { cause: error },
    );
  }
}

async function copyDatabase(db: Kysely<Tables>, path: string): Promise<void> {
  await rm(path, { force: true });
  closeToOthers(path);
  await sql`vacuum into ${path}`.execute(db);
}

/** Thrown at the start of a server whose database cannot be migrated. */
export class StoreMigrationError extends Error {
  readonly code = 'STORE_MIGRATION';
  override readonly name = 'StoreMigrationError';
}
