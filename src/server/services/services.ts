import { v4 } from 'uuid';
import type { PatchWebServiceRequest, PublishWebServiceRequest } from '../../api/index.js';
import type { User } from '../auth/index.js';
import { requirePython } from '../runtime.js';
import {
  DuplicateServiceError,
  type PoolSize,
  type ServiceRecord,
  type Store,
} from '../store/index.js';
import { wireTime } from '../time.js';
import { listOfOne, ServiceCatalog } from './catalog.js';
import { type AskedPool, choosePool } from './dedicated-pool.js';
import { checkName, define } from './definition.js';
import { serviceDocument } from './document.js';
import { ServiceNotFoundError } from './errors.js';
import { ExclusiveTasks } from './exclusive.js';
import { FormerServices, holdOf, runsTheSame, type ServiceHold } from './holds.js';
import { LiveService, poolSize, type ServiceParts } from './live-service.js';
import { assertMayChange, assertMayPublish } from './permissions.js';
import type { PoolLoad } from './pool.js';

/** Services whose workers a starting server starts; the others start with their first call. */
const RESUMED_AT_START = 16;

const EMPTY_BODY = Buffer.from('{}');
const neverAbandoned = () => false;

/** Published services: their records, and the workers that answer their calls. */
export class Services {
  readonly #parts: ServiceParts;
  readonly #store: Store;
  readonly #catalog: ServiceCatalog;
  /** By name and version; those that were not called since the server began may be absent. */
  readonly #live = new Map<string, LiveService>();
  readonly #loading = new Map<string, Promise<LiveService>>();
  readonly #changes = new ExclusiveTasks();
  /** Pools that answer their last calls. */
  readonly #retiring = new Set<LiveService>();
  readonly #former: FormerServices;
  #isClosed = false;

  constructor(parts: ServiceParts & { readonly store: Store }) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#catalog = new ServiceCatalog(parts.store.services);
    this.#former = new FormerServices(parts);
  }

  /** Starts the workers of the newest services one after the other. */
  async resume(): Promise<void> {
    for (const { name, version } of await this.#store.services.toResume(RESUMED_AT_START)) {
      if (this.#isClosed) return;
      try {
        const live = await this.#find(name, version);
        await live.resume();
      } catch (error) {
        if (this.#isClosed || error instanceof ServiceNotFoundError) continue;
        this.#parts.log.error(
          { err: error, service: `${name}/${version}` },
          'A service could not be resumed; the next call tries again.',
        );
      }
    }
  }

  /**
   * Publishes a version, which can be called when this resolves.
   * @param version undefined to have one made up
   * @returns the version
   * @throws {InvalidServiceError} {RuntimeUnavailableError} {PublishForbiddenError}
   *   {SnapshotNotFoundError} {DuplicateServiceError} {ServiceNotLoadableError}
   */
  async publish(
    user: User,
    name: string,
    version: string | undefined,
    request: PublishWebServiceRequest,
  ): Promise<string> {
    assertMayPublish(user);
    const chosen = version ?? v4();
    checkName('name', name);
    checkName('version', chosen);
    requirePython(request.runtimeType, 'service');
    const definition = define(request);
    const key = keyOf(name, chosen);
    return this.#changes.run(key, async () => {
      if ((await this.#store.services.find(name, chosen)) !== undefined) {
        throw new DuplicateServiceError(name, chosen);
      }
      const draft: ServiceRecord = {
        name,
        version: chosen,
        owner: user.name,
        creationTime: wireTime(new Date()),
        runtimeType: 'Python',
        ...definition,
        ...(await this.#freeze(user, request.snapshotId)),
        python: '',
        packages: {},
        pool: null,
      };
      const live = new LiveService(draft, this.#parts);
      const record: ServiceRecord = { ...draft, ...(await live.start()) };
      try {
        await this.#store.services.insert(record);
      } catch (error) {
        await live.pool.close();
        throw error;
      }
      this.#live.set(key, live.withRecord(record, this.#parts));
      await this.#catalog.put(record);
      return chosen;
    });
  }

  /**
   * Changes a version: what is absent or null stays, `[]` empties. Calls go on meanwhile; those
   * that have begun are answered by the workers that they began with.
   * @returns the version
   * @throws {ServiceNotFoundError} {NotServiceOwnerError} and as {@link publish}
   */
  async patch(
    user: User,
    name: string,
    version: string,
    request: PatchWebServiceRequest,
  ): Promise<string> {
    const key = keyOf(name, version);
    return this.#changes.run(key, async () => {
      const before = await this.#find(name, version);
      assertMayChange(user, before.record);
      if (request.runtimeType !== undefined && request.runtimeType !== null) {
        requirePython(request.runtimeType, 'service');
      }
      const definition = define(request, before.record);
      const frozen =
        request.snapshotId === undefined || request.snapshotId === null
          ? {}
          : await this.#freeze(user, request.snapshotId);
      const draft: ServiceRecord = { ...before.record, ...definition, ...frozen };
      if (runsTheSame(before.record, draft)) {
        await this.#update(name, version, definition);
        this.#live.set(key, before.withRecord(draft, this.#parts));
        await this.#catalog.put(draft);
        return version;
      }
      const live = new LiveService(draft, this.#parts);
      const environment = await live.start();
      const record: ServiceRecord = { ...draft, ...environment };
      try {
        await this.#update(name, version, { ...definition, ...frozen, ...environment });
      } catch (error) {
        await live.pool.close();
        throw error;
      }
      this.#live.set(key, live.withRecord(record, this.#parts));
      this.#retire(before);
      await this.#catalog.put(record);
      return version;
    });
  }

  /**
   * Deletes a version. Calls that it has are answered; then its workers end.
   * @throws {ServiceNotFoundError} or {NotServiceOwnerError}
   */
  async remove(user: User, name: string, version: string): Promise<void> {
    const key = keyOf(name, version);
    await this.#changes.run(key, async () => {
      const live = await this.#find(name, version);
      assertMayChange(user, live.record);
      await this.#store.services.delete(name, version);
      this.#live.delete(key);
      this.#retire(live);
      await this.#catalog.remove({ name, version });
    });
  }

  /**
   * Gives a version a pool of its own, or another size of it: its workers are started now.
   * @param asked what is undefined stays, or is that of all services
   * @throws {ServiceNotFoundError} {NotServiceOwnerError} {InvalidPoolError}
   */
  async setPool(user: User, name: string, version: string, asked: AskedPool): Promise<void> {
    await this.#changePool(user, name, version, (record) =>
      choosePool(asked, poolSize(record, this.#parts.config), this.#parts.config),
    );
  }

  /**
   * Takes the pool of its own from a version, which goes on with the workers that all services have.
   * @throws {ServiceNotFoundError} or {NotServiceOwnerError}
   */
  async removePool(user: User, name: string, version: string): Promise<void> {
    await this.#changePool(user, name, version, () => null);
  }

  /** What a version's own pool is like. @throws {ServiceNotFoundError} */
  async poolStatus(name: string, version: string): Promise<'Success' | 'Pending' | 'NotFound'> {
    const { record, pool } = await this.#find(name, version);
    if (record.pool === null) return 'NotFound';
    return pool.isReady ? 'Success' : 'Pending';
  }

  /**
   * Metadata of all services, of the versions of one, or of one version, oldest first, as the JSON
   * array that goes out.
   * @throws {ServiceNotFoundError} when a version is given and is not there
   */
  async list(user: User, name?: string, version?: string): Promise<Buffer> {
    if (name === undefined || version === undefined) return this.#catalog.list(user, name);
    return listOfOne(await this.#record(name, version), user);
  }

  /** The Swagger document of a version, formatted. @throws {ServiceNotFoundError} */
  async document(name: string, version: string): Promise<string> {
    return JSON.stringify(serviceDocument(await this.#record(name, version)), null, 2);
  }

  /**
   * Calls a service.
   * @param body the JSON object of its parameters, as it came
   * @param requestId goes into messages, to be found in the log
   * @param isAbandoned whether the caller has gone away; asked before a call that had to wait
   * @returns the JSON of the answer, as it goes out
   * @throws {ServiceNotFoundError} {InvalidCallBodyError} {InvalidParameterError}
   *   {ServiceBusyError} {ServiceUnavailableError} {ServiceCrashedError} {ServiceTimeoutError}
   */
  consume(
    name: string,
    version: string,
    body: Buffer,
    requestId: string,
    isAbandoned: () => boolean = neverAbandoned,
  ): Promise<Buffer> {
    const live = this.#live.get(keyOf(name, version));
    return live === undefined
      ? this.#find(name, version).then((found) => call(found, body, requestId, isAbandoned))
      : call(live, body, requestId, isAbandoned);
  }

  /** What the workers of all services do at the moment. `live` are versions that have some. */
  load(): PoolLoad & { readonly live: number } {
    let [live, workers, running, waiting] = [0, 0, 0, 0];
    for (const { pool } of [...this.#live.values(), ...this.#retiring]) {
      const load = pool.load();
      if (load.workers > 0) live += 1;
      workers += load.workers;
      running += load.running;
      waiting += load.waiting;
    }
    return { live, workers, running, waiting };
  }

  /** Holds a version as it is now. @throws {ServiceNotFoundError} */
  async hold(name: string, version: string): Promise<ServiceHold> {
    for (;;) {
      const live = await this.#find(name, version);
      // It may have been changed before this went on.
      if (this.#live.get(keyOf(name, version)) === live) return holdOf(live);
    }
  }

  /** Holds a version as it once was, whatever has become of it. */
  async holdFormer(record: ServiceRecord): Promise<ServiceHold> {
    const { name, version } = record;
    const isThere = (await this.#store.services.find(name, version)) !== undefined;
    const now = isThere ? await this.hold(name, version) : undefined;
    if (now !== undefined && runsTheSame(now.record, record)) return now;
    now?.release();
    return this.#former.hold(record);
  }

  /** Ends the workers of all services. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#live.values(), ...this.#retiring];
    this.#live.clear();
    await Promise.all([...all.map((live) => live.pool.close()), this.#former.close()]);
  }

  /** @throws {ServiceNotFoundError} */
  async #find(name: string, version: string): Promise<LiveService> {
    const key = keyOf(name, version);
    const live = this.#live.get(key);
    if (live !== undefined) return live;
    let loading = this.#loading.get(key);
    if (loading === undefined) {
      loading = this.#load(name, version).finally(() => this.#loading.delete(key));
      this.#loading.set(key, loading);
    }
    return loading;
  }

  /** What is told of a version, for which no worker has to be. @throws {ServiceNotFoundError} */
  async #record(name: string, version: string): Promise<ServiceRecord> {
    const record =
      this.#live.get(keyOf(name, version))?.record ??
      (await this.#store.services.find(name, version));
    if (record === undefined || this.#isClosed) throw new ServiceNotFoundError(name, version);
    return record;
  }

  async #load(name: string, version: string): Promise<LiveService> {
    const record = await this.#record(name, version);
    const key = keyOf(name, version);
    // A publication may have put it there meanwhile.
    const live = this.#live.get(key) ?? new LiveService(record, this.#parts);
    this.#live.set(key, live);
    return live;
  }

  async #changePool(
    user: User,
    name: string,
    version: string,
    change: (record: ServiceRecord) => PoolSize | null,
  ): Promise<void> {
    const key = keyOf(name, version);
    await this.#changes.run(key, async () => {
      const before = await this.#find(name, version);
      assertMayChange(user, before.record);
      const pool = change(before.record);
      await this.#update(name, version, { pool });
      const live = before.withRecord({ ...before.record, pool }, this.#parts);
      this.#live.set(key, live);
      live.pool.resize(poolSize(live.record, this.#parts.config));
    });
  }

  /** The service's own copy of a snapshot: its content is kept as long as the service is. */
  async #freeze(
    user: User,
    snapshotId: string | null | undefined,
  ): Promise<Pick<ServiceRecord, 'snapshotId' | 'tree'>> {
    if (snapshotId === null || snapshotId === undefined || snapshotId === '') {
      return { snapshotId: null, tree: null };
    }
    const { id, tree } = await this.#parts.snapshots.find(user.name, snapshotId);
    return { snapshotId: id, tree };
  }

  async #update(name: string, version: string, patch: Partial<ServiceRecord>): Promise<void> {
    if (!(await this.#store.services.update(name, version, patch))) {
      throw new ServiceNotFoundError(name, version);
    }
  }

  #retire(live: LiveService): void {
    this.#retiring.add(live);
    live.pool
      .retire()
      .catch((error: unknown) => {
        this.#parts.log.error({ err: error }, 'The workers of a service could not be ended.');
      })
      .finally(() => this.#retiring.delete(live));
  }
}

async function call(
  live: LiveService,
  body: Buffer,
  requestId: string,
  isAbandoned: () => boolean,
): Promise<Buffer> {
  live.validate(body);
  return live.pool.call(body.byteLength === 0 ? EMPTY_BODY : body, requestId, isAbandoned);
}

/** Names and versions hold no slash. */
function keyOf(name: string, version: string): string {
  return `${name}/${version}`;
}
