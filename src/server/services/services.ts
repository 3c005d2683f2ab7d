import type { PatchWebServiceRequest, PublishWebServiceRequest } from '../../api/index.js';
import type { User } from '../auth/index.js';
import type { ServiceRecord, Store } from '../store/index.js';
import { listOfOne, ServiceCatalog } from './catalog.js';
import { ServiceChanges } from './changes.js';
import type { AskedPool } from './dedicated-pool.js';
import { serviceDocument } from './document.js';
import { ServiceNotFoundError } from './errors.js';
import { FormerServices, holdOf, runsTheSame, type ServiceHold } from './holds.js';
import type { LiveService, ServiceParts } from './live-service.js';
import { LiveServices } from './live-services.js';
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
  readonly #live: LiveServices;
  readonly #changes: ServiceChanges;
  readonly #former: FormerServices;

  constructor(parts: ServiceParts & { readonly store: Store }) {
    const { services } = parts.store;
    this.#parts = parts;
    this.#store = parts.store;
    this.#catalog = new ServiceCatalog(services);
    this.#live = new LiveServices(parts, services);
    this.#changes = new ServiceChanges(parts, services, this.#live, this.#catalog);
    this.#former = new FormerServices(parts);
  }

  /** Starts the workers of the newest services one after the other. */
  async resume(): Promise<void> {
    for (const { name, version } of await this.#store.services.toResume(RESUMED_AT_START)) {
      if (this.#live.isClosed) return;
      try {
        const live = await this.#live.find(name, version);
        await live.resume();
      } catch (error) {
        if (this.#live.isClosed || error instanceof ServiceNotFoundError) continue;
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
  publish(
    user: User,
    name: string,
    version: string | undefined,
    request: PublishWebServiceRequest,
  ): Promise<string> {
    return this.#changes.publish(user, name, version, request);
  }

  /**
   * Changes a version: what is absent or null stays, `[]` empties. Calls go on meanwhile; those
   * that have begun are answered by the workers that they began with.
   * @returns the version
   * @throws {ServiceNotFoundError} {NotServiceOwnerError} and as {@link publish}
   */
  patch(
    user: User,
    name: string,
    version: string,
    request: PatchWebServiceRequest,
  ): Promise<string> {
    return this.#changes.patch(user, name, version, request);
  }

  /**
   * Deletes a version. Calls that it has are answered; then its workers end.
   * @throws {ServiceNotFoundError} or {NotServiceOwnerError}
   */
  remove(user: User, name: string, version: string): Promise<void> {
    return this.#changes.remove(user, name, version);
  }

  /**
   * Gives a version a pool of its own, or another size of it: its workers are started now.
   * @param asked what is undefined stays, or is that of all services
   * @throws {ServiceNotFoundError} {NotServiceOwnerError} {InvalidPoolError}
   */
  setPool(user: User, name: string, version: string, asked: AskedPool): Promise<void> {
    return this.#changes.setPool(user, name, version, asked);
  }

  /**
   * Takes the pool of its own from a version, which goes on with the workers that all services have.
   * @throws {ServiceNotFoundError} or {NotServiceOwnerError}
   */
  removePool(user: User, name: string, version: string): Promise<void> {
    return this.#changes.removePool(user, name, version);
  }

  /** What a version's own pool is like. @throws {ServiceNotFoundError} */
  async poolStatus(name: string, version: string): Promise<'Success' | 'Pending' | 'NotFound'> {
    const { record, pool } = await this.#live.find(name, version);
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
    return listOfOne(await this.#live.record(name, version), user);
  }

  /** The Swagger document of a version, formatted. @throws {ServiceNotFoundError} */
  async document(name: string, version: string): Promise<string> {
    return JSON.stringify(serviceDocument(await this.#live.record(name, version)), null, 2);
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
    const live = this.#live.get(name, version);
    return live === undefined
      ? this.#live.find(name, version).then((found) => call(found, body, requestId, isAbandoned))
      : call(live, body, requestId, isAbandoned);
  }

  /** What the workers of all services do at the moment. `live` are versions that have some. */
  load(): PoolLoad & { readonly live: number } {
    return this.#live.load(this.#former.all());
  }

  /** Holds a version as it is now. @throws {ServiceNotFoundError} */
  async hold(name: string, version: string): Promise<ServiceHold> {
    for (;;) {
      const live = await this.#live.find(name, version);
      // It may have been changed before this went on.
      if (this.#live.get(name, version) === live) return holdOf(live);
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
    await Promise.all([this.#live.close(), this.#former.close()]);
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
