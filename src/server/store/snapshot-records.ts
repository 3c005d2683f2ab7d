import type { Kysely, Selectable } from 'kysely';
import type { JsonValue } from '../../api/index.js';
import type { SnapshotTree } from './blobs.js';
import type { SnapshotsTable, Tables } from './tables.js';

/** A snapshot; its content is in the blobs that the tree names. */
export interface SnapshotRecord {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** As the wire shows it. */
  readonly creationTime: string;
  /** Bytes of its zip file. */
  readonly contentSize: number;
  readonly tree: SnapshotTree;
  /** What the session wrote into `manifest.json`. */
  readonly manifest: { readonly [key: string]: JsonValue };
}

/** What a list of snapshots shows; content can have thousands of files. */
export type SnapshotSummary = Omit<SnapshotRecord, 'tree' | 'manifest'>;

/** Snapshots of all users. */
export class SnapshotStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async insert(record: SnapshotRecord): Promise<void> {
    await this.#db
      .insertInto('snapshots')
      .values({
        id: record.id,
        name: record.name,
        owner: record.owner,
        creation_time: record.creationTime,
        content_size: record.contentSize,
        tree: JSON.stringify(record.tree),
        manifest: JSON.stringify(record.manifest),
      })
      .execute();
  }

  async find(id: string): Promise<SnapshotRecord | undefined> {
    const row = await this.#db
      .selectFrom('snapshots')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** The newest of the owner's snapshots with this name. */
  async findByName(owner: string, name: string): Promise<SnapshotRecord | undefined> {
    const row = await this.#db
      .selectFrom('snapshots')
      .selectAll()
      .where('owner', '=', owner)
      .where('name', '=', name)
      .orderBy('creation_time', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** Oldest first. */
  async list(owner: string): Promise<SnapshotSummary[]> {
    const rows = await this.#db
      .selectFrom('snapshots')
      .select(['id', 'name', 'owner', 'creation_time', 'content_size'])
      .where('owner', '=', owner)
      .orderBy('creation_time')
      .orderBy('id')
      .execute();
    return rows.map(summary);
  }

  /** @returns whether there was one */
  async delete(id: string): Promise<boolean> {
    const result = await this.#db.deleteFrom('snapshots').where('id', '=', id).executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  /** The content of every snapshot, for the collection of garbage. */
  async trees(): Promise<SnapshotTree[]> {
    const rows = await this.#db.selectFrom('snapshots').select('tree').execute();
    return rows.map((row) => JSON.parse(row.tree) as SnapshotTree);
  }
}

function fromRow(row: Selectable<SnapshotsTable>): SnapshotRecord {
  return {
    ...summary(row),
    tree: JSON.parse(row.tree) as SnapshotTree,
    manifest: JSON.parse(row.manifest) as SnapshotRecord['manifest'],
  };
}

function summary(row: Omit<Selectable<SnapshotsTable>, 'tree' | 'manifest'>): SnapshotSummary {
  return {
    id: row.id,
    name: row.name,
    owner: row.owner,
    creationTime: row.creation_time,
    contentSize: row.content_size,
  };
}
