import type { ServiceRecord, ServiceStore } from '../store/index.js';
import { ServiceNotFoundError } from './errors.js';
import { LiveService, type ServiceParts } from './live-service.js';
import type { PoolLoad } from './pool.js';

/**
 * The versions that can be called at once, and those that answer their last calls. Versions that
 * were not called since the server began come from the store.
 */
export class LiveServices {
  readonly #parts: ServiceParts;
  readonly #store: ServiceStore;
  /** By name and version. */
  readonly #live = new Map<string, LiveService>();
  readonly #loading = new Map<string, Promise<LiveService>>();
  /** Pools that answer their last calls. */
  readonly #retiring = new Set<LiveService>();
  #isClosed = false;

  constructor(parts: ServiceParts, store: ServiceStore) {
    this.#parts = parts;
    this.#store = store;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A version that needs not be loaded: without a promise, for the path of every call. */
  get(name: string, version: string): LiveService | undefined {
    return this.#live.get(keyOf(name, version));
  }

  /** A version to be called. @throws {ServiceNotFoundError} */
  async find(name: string, version: string): Promise<LiveService> {
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
  async record(name: string, version: string): Promise<ServiceRecord> {
    const record =
      this.#live.get(keyOf(name, version))?.record ?? (await this.#store.find(name, version));
    if (record === undefined || this.#isClosed) throw new ServiceNotFoundError(name, version);
    return record;
  }

  /** Takes a version in the place of what has its name and version. */
  put(live: LiveService): void {
    this.#live.set(keyOf(live.record.name, live.record.version), live);
  }

  /** Lets a version answer the calls that it has, and no other. */
  remove(live: LiveService): void {
    this.#live.delete(keyOf(live.record.name, live.record.version));
    this.retire(live);
  }

  /** Lets a version that has been replaced answer the calls that it has, and ends its workers. */
  retire(live: LiveService): void {
    this.#retiring.add(live);
    live.pool
      .retire()
      .catch((error: unknown) => {
        this.#parts.log.error({ err: error }, 'The workers of a service could not be ended.');
      })
      .finally(() => this.#retiring.delete(live));
  }

  /**
   * What the workers of all services do at the moment. `live` are versions that have some.
   * @param former services that only batches call
   */
  load(former: Iterable<LiveService>): PoolLoad & { readonly live: number } {
    let [live, workers, running, waiting] = [0, 0, 0, 0];
    for (const { pool } of [...this.#live.values(), ...this.#retiring, ...former]) {
      const load = pool.load();
      if (load.workers > 0) live += 1;
      workers += load.workers;
      running += load.running;
      waiting += load.waiting;
    }
    return { live, workers, running, waiting };
  }

  /** Ends the workers of all versions. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#live.values(), ...this.#retiring];
    this.#live.clear();
    await Promise.all(all.map((live) => live.pool.close()));
  }

  async #load(name: string, version: string): Promise<LiveService> {
    const record = await this.record(name, version);
    const key = keyOf(name, version);
    // A publication may have put it there meanwhile.
    const live = this.#live.get(key) ?? new LiveService(record, this.#parts);
    this.#live.set(key, live);
    return live;
  }
}

/** Names and versions hold no slash. */
function keyOf(name: string, version: string): string {
  return `${name}/${version}`;
}
