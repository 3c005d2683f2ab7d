import type { Kysely, Selectable } from 'kysely';
import type { SnapshotTree } from './blobs.js';
import type { ServiceRecord } from './service-records.js';
import type { BatchesTable, Tables } from './tables.js';

/** One batch: a service, called once for each row of a list. */
export interface BatchRecord {
  readonly id: string;
  readonly owner: string;
  /** As the wire shows times. */
  readonly creationTime: string;
  /** Rows that its user wants to run at the same time. */
  readonly parallelCount: number;
  /** Number of rows. */
  readonly total: number;
  /** The service as it was when the batch was begun; its name and version are the batch's. */
  readonly service: ServiceRecord;
  /** Milliseconds since 1970; null while it is not at its end. */
  readonly finishedAt: number | null;
  /** Why it has ended before its last row, if it has. */
  readonly failure: string | null;
}

/** A file that the run of one row has left. */
export interface BatchFile {
  /** Number of the row, from 0. */
  readonly item: number;
  readonly name: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Rows of SQL that one statement writes: SQLite takes some thousand parameters. */
const ROWS_PER_INSERT = 500;

/** Batches of all users. Their rows and results are files of their own. */
export class BatchStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async insert(record: BatchRecord): Promise<void> {
    await this.#db
      .insertInto('batches')
      .values({
        id: record.id,
        service_name: record.service.name,
        service_version: record.service.version,
        owner: record.owner,
        creation_time: record.creationTime,
        parallel_count: record.parallelCount,
        total: record.total,
        service: JSON.stringify(record.service),
        finished_at: record.finishedAt,
        failure: record.failure,
      })
      .execute();
  }

  async find(id: string): Promise<BatchRecord | undefined> {
    const row = await this.#db
      .selectFrom('batches')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** Ids of a user's batches of one version of a service that have not expired, oldest first. */
  async ids(
    owner: string,
    name: string,
    version: string,
    finishedAfter: number,
  ): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('batches')
      .select('id')
      .where('owner', '=', owner)
      .where('service_name', '=', name)
      .where('service_version', '=', version)
      .where(({ or, eb }) =>
        or([eb('finished_at', 'is', null), eb('finished_at', '>', finishedAfter)]),
      )
      .orderBy('creation_time')
      .orderBy('id')
      .execute();
    return rows.map(({ id }) => id);
  }

  /** Those that have not ended, oldest first. */
  async unfinished(): Promise<BatchRecord[]> {
    const rows = await this.#db
      .selectFrom('batches')
      .selectAll()
      .where('finished_at', 'is', null)
      .orderBy('creation_time')
      .orderBy('id')
      .execute();
    return rows.map(fromRow);
  }

  /** All batches by id, and whether each has ended. */
  async endings(): Promise<Map<string, boolean>> {
    const rows = await this.#db.selectFrom('batches').select(['id', 'finished_at']).execute();
    return new Map(rows.map(({ id, finished_at }) => [id, finished_at !== null]));
  }

  async finish(id: string, finishedAt: number, failure: string | null): Promise<void> {
    await this.#db
      .updateTable('batches')
      .set({ finished_at: finishedAt, failure })
      .where('id', '=', id)
      .execute();
  }

  /** @returns whether it was there */
  async delete(id: string): Promise<boolean> {
    const result = await this.#db.deleteFrom('batches').where('id', '=', id).executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  /** Deletes those that have ended at that time or before. @returns their ids */
  async deleteFinishedBefore(time: number): Promise<string[]> {
    const rows = await this.#db
      .deleteFrom('batches')
      .where('finished_at', '<=', time)
      .returning('id')
      .execute();
    return rows.map(({ id }) => id);
  }

  /** Notes files of rows, all or none. A row that runs again replaces those that it had. */
  async addFiles(id: string, files: readonly BatchFile[]): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      for (let at = 0; at < files.length; at += ROWS_PER_INSERT) {
        await transaction
          .insertInto('batch_files')
          .values(files.slice(at, at + ROWS_PER_INSERT).map((file) => ({ batch_id: id, ...file })))
          .onConflict((conflict) =>
            conflict.columns(['batch_id', 'item', 'name']).doUpdateSet(({ ref }) => ({
              sha256: ref('excluded.sha256'),
              size: ref('excluded.size'),
            })),
          )
          .execute();
      }
    });
  }

  /** The files of one row, by name. */
  async files(id: string, item: number): Promise<BatchFile[]> {
    return this.#db
      .selectFrom('batch_files')
      .select(['item', 'name', 'sha256', 'size'])
      .where('batch_id', '=', id)
      .where('item', '=', item)
      .orderBy('name')
      .execute();
  }

  /** The content of the services of those that have not ended, for the collection of garbage. */
  async trees(): Promise<SnapshotTree[]> {
    const records = await this.unfinished();
    return records.flatMap(({ service }) => service.tree ?? []);
  }

  /** The SHA-256 of all files of rows, for the collection of garbage. */
  async contents(): Promise<string[]> {
    const rows = await this.#db.selectFrom('batch_files').select('sha256').distinct().execute();
    return rows.map(({ sha256 }) => sha256);
  }
}

function fromRow(row: Selectable<BatchesTable>): BatchRecord {
  return {
    id: row.id,
    owner: row.owner,
    creationTime: row.creation_time,
    parallelCount: row.parallel_count,
    total: row.total,
    service: JSON.parse(row.service) as ServiceRecord,
    finishedAt: row.finished_at,
    failure: row.failure,
  };
}
