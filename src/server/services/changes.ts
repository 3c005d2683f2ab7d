import { v4 } from 'uuid';
import type { PatchWebServiceRequest, PublishWebServiceRequest } from '../../api/index.js';
import type { User } from '../auth/index.js';
import { requirePython } from '../runtime.js';
import {
  DuplicateServiceError,
  type PoolSize,
  type ServiceRecord,
  type ServiceStore,
} from '../store/index.js';
import { wireTime } from '../time.js';
import type { ServiceCatalog } from './catalog.js';
import { type AskedPool, choosePool } from './dedicated-pool.js';
import { checkName, define } from './definition.js';
import { ServiceNotFoundError } from './errors.js';
import { ExclusiveTasks } from './exclusive.js';
import { runsTheSame } from './holds.js';
import { LiveService, poolSize, type ServiceParts } from './live-service.js';
import type { LiveServices } from './live-services.js';
import { assertMayChange, assertMayPublish } from './permissions.js';

/** What users do to services: publish, change and delete versions, one change of each at a time. */
export class ServiceChanges {
  readonly #parts: ServiceParts;
  readonly #store: ServiceStore;
  readonly #live: LiveServices;
  readonly #catalog: ServiceCatalog;
  readonly #changes = new ExclusiveTasks();

  constructor(
    parts: ServiceParts,
    store: ServiceStore,
    live: LiveServices,
    catalog: ServiceCatalog,
  ) {
    this.#parts = parts;
    this.#store = store;
    this.#live = live;
    this.#catalog = catalog;
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
    return this.#changes.run(`${name}/${chosen}`, async () => {
      if ((await this.#store.find(name, chosen)) !== undefined) {
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
        await this.#store.insert(record);
      } catch (error) {
        await live.pool.close();
        throw error;
      }
      this.#live.put(live.withRecord(record, this.#parts));
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
    return this.#changes.run(`${name}/${version}`, async () => {
      const before = await this.#live.find(name, version);
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
        this.#live.put(before.withRecord(draft, this.#parts));
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
      this.#live.put(live.withRecord(record, this.#parts));
      this.#live.retire(before);
      await this.#catalog.put(record);
      return version;
    });
  }

  /**
   * Deletes a version. Calls that it has are answered; then its workers end.
   * @throws {ServiceNotFoundError} or {NotServiceOwnerError}
   */
  async remove(user: User, name: string, version: string): Promise<void> {
    await this.#changes.run(`${name}/${version}`, async () => {
      const live = await this.#live.find(name, version);
      assertMayChange(user, live.record);
      await this.#store.delete(name, version);
      this.#live.remove(live);
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

  async #changePool(
    user: User,
    name: string,
    version: string,
    change: (record: ServiceRecord) => PoolSize | null,
  ): Promise<void> {
    await this.#changes.run(`${name}/${version}`, async () => {
      const before = await this.#live.find(name, version);
      assertMayChange(user, before.record);
      const pool = change(before.record);
      await this.#update(name, version, { pool });
      const live = before.withRecord({ ...before.record, pool }, this.#parts);
      this.#live.put(live);
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
    if (!(await this.#store.update(name, version, patch))) {
      throw new ServiceNotFoundError(name, version);
    }
  }
}
