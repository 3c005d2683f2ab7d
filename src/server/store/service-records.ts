import type { Kysely, Selectable } from 'kysely';
import type { ParameterDefinition } from '../../api/index.js';
import { ApiError } from '../errors.js';
import type { SnapshotTree } from './blobs.js';
import type { ServicesTable, Tables } from './tables.js';

/** How many workers a service with a pool of its own has. */
export interface PoolSize {
  /** Workers that are kept ready, however few calls there are. */
  readonly initial: number;
  /** The most workers that it ever has; 1 or more, and not less than `initial`. */
  readonly max: number;
}

/** One published version of a service, with all that it needs to run. */
export interface ServiceRecord {
  readonly name: string;
  readonly version: string;
  readonly owner: string;
  /** As the wire shows it. */
  readonly creationTime: string;
  /** The snapshot it was published from, which may have been deleted since. */
  readonly snapshotId: string | null;
  /** Its own copy of the snapshot's content. */
  readonly tree: SnapshotTree | null;
  readonly runtimeType: 'R' | 'Python' | 'Realtime';
  readonly code: string;
  readonly initCode: string | null;
  readonly description: string | null;
  readonly operationId: string;
  readonly inputs: readonly ParameterDefinition[];
  readonly outputs: readonly ParameterDefinition[];
  readonly outputFileNames: readonly string[];
  /** Version of the interpreter that the service was published with. */
  readonly python: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Its own size of the pool of workers; null where it has that of all services. */
  readonly pool: PoolSize | null;
}

/** Name and version stay for good. */
export type ServicePatch = Partial<Omit<ServiceRecord, 'name' | 'version'>>;

/** Published services of all users. */
export class ServiceStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** @throws {DuplicateServiceError} when the name has this version already */
  async insert(record: ServiceRecord): Promise<void> {
    const result = await this.#db
      .insertInto('services')
      .values({ name: record.name, version: record.version, ...toColumns(record) })
      .onConflict((conflict) => conflict.columns(['name', 'version']).doNothing())
      .executeTakeFirst();
    if (result.numInsertedOrUpdatedRows === 0n) {
      throw new DuplicateServiceError(record.name, record.version);
    }
  }

  /** @returns whether there is such a version */
  async update(name: string, version: string, patch: ServicePatch): Promise<boolean> {
    const columns = toColumns(patch);
    if (Object.keys(columns).length === 0) {
      return (await this.find(name, version)) !== undefined;
    }
    const result = await this.#db
      .updateTable('services')
      .set(columns)
      .where('name', '=', name)
      .where('version', '=', version)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  }

  /** @returns whether there was such a version */
  async delete(name: string, version: string): Promise<boolean> {
    const result = await this.#db
      .deleteFrom('services')
      .where('name', '=', name)
      .where('version', '=', version)
      .executeTakeFirst();
    return result.numDeletedRows > 0n;
  }

  async find(name: string, version: string): Promise<ServiceRecord | undefined> {
    const row = await this.#db
      .selectFrom('services')
      .selectAll()
      .where('name', '=', name)
      .where('version', '=', version)
      .executeTakeFirst();
    return row && fromRow(row);
  }

  /** All versions, or those of one name; oldest first, because clients take the last as newest. */
  async list(name?: string): Promise<ServiceRecord[]> {
    let query = this.#db
      .selectFrom('services')
      .selectAll()
      .orderBy('creation_time')
      .orderBy('version');
    if (name !== undefined) {
      query = query.where('name', '=', name);
    }
    return (await query.execute()).map(fromRow);
  }

  /**
   * Name and version of those whose workers are to be there before the first call: the newest, and
   * those that have a pool of their own, which was asked for with workers in it. Newest first.
   */
  async toResume(newest: number): Promise<Pick<ServiceRecord, 'name' | 'version'>[]> {
    const all = this.#db
      .selectFrom('services')
      .select(['name', 'version', 'creation_time'])
      .orderBy('creation_time', 'desc')
      .orderBy('version', 'desc');
    const [first, pooled] = await Promise.all([
      all.limit(newest).execute(),
      all.where('pool_initial_size', '>', 0).execute(),
    ]);
    const labels = new Set(first.map(({ name, version }) => `${name}/${version}`));
    return [...first, ...pooled.filter((row) => !labels.has(`${row.name}/${row.version}`))];
  }

  /** The content of every service, for the collection of garbage. */
  async trees(): Promise<SnapshotTree[]> {
    const rows = await this.#db
      .selectFrom('services')
      .select('tree')
      .where('tree', 'is not', null)
      .execute();
    return rows.map((row) => JSON.parse(row.tree as string) as SnapshotTree);
  }
}

/** Thrown when a name and version are published twice. */
export class DuplicateServiceError extends ApiError {
  readonly statusCode = 409;
  readonly code = 'DUPLICATE_SERVICE';
  override readonly name = 'DuplicateServiceError';

  constructor(name: string, version: string) {
    super(
      `The service ${name} has a version ${version} already. Publish under another version, or update this one with PATCH /services/${name}/${version}.`,
    );
  }
}

type ServiceColumns = Omit<ServicesTable, 'name' | 'version'>;

function toColumns(record: Omit<ServiceRecord, 'name' | 'version'>): ServiceColumns;
function toColumns(record: ServicePatch): Partial<ServiceColumns>;
function toColumns(record: ServicePatch): Partial<ServiceColumns> {
  const columns: Partial<ServiceColumns> = {};
  if (record.owner !== undefined) columns.owner = record.owner;
  if (record.creationTime !== undefined) columns.creation_time = record.creationTime;
  if (record.snapshotId !== undefined) columns.snapshot_id = record.snapshotId;
  if (record.tree !== undefined) columns.tree = record.tree && JSON.stringify(record.tree);
  if (record.runtimeType !== undefined) columns.runtime_type = record.runtimeType;
  if (record.code !== undefined) columns.code = record.code;
  if (record.initCode !== undefined) columns.init_code = record.initCode;
  if (record.description !== undefined) columns.description = record.description;
  if (record.operationId !== undefined) columns.operation_id = record.operationId;
  if (record.inputs !== undefined) columns.inputs = JSON.stringify(record.inputs);
  if (record.outputs !== undefined) columns.outputs = JSON.stringify(record.outputs);
  if (record.outputFileNames !== undefined) {
    columns.output_file_names = JSON.stringify(record.outputFileNames);
  }
  if (record.python !== undefined) columns.python = record.python;
  if (record.packages !== undefined) columns.packages = JSON.stringify(record.packages);
  if (record.pool !== undefined) {
    columns.pool_initial_size = record.pool?.initial ?? null;
    columns.pool_max_size = record.pool?.max ?? null;
  }
  return columns;
}

function fromRow(row: Selectable<ServicesTable>): ServiceRecord {
  return {
    name: row.name,
    version: row.version,
    owner: row.owner,
    creationTime: row.creation_time,
    snapshotId: row.snapshot_id,
    tree: row.tree === null ? null : (JSON.parse(row.tree) as SnapshotTree),
    runtimeType: row.runtime_type as ServiceRecord['runtimeType'],
    code: row.code,
    initCode: row.init_code,
    description: row.description,
    operationId: row.operation_id,
    inputs: JSON.parse(row.inputs) as ParameterDefinition[],
    outputs: JSON.parse(row.outputs) as ParameterDefinition[],
    outputFileNames: JSON.parse(row.output_file_names) as string[],
    python: row.python,
    packages: JSON.parse(row.packages) as Record<string, string>,
    pool:
      row.pool_initial_size === null || row.pool_max_size === null
        ? null
        : { initial: row.pool_initial_size, max: row.pool_max_size },
  };
}
