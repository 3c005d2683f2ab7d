import type { User } from '../auth/index.js';
import type { ServiceRecord, ServiceStore } from '../store/index.js';
import { type ServiceMetadata, toWebService, viewOf } from './metadata.js';

/** Lists kept as they were last sent; each user has one of their own. */
const KEPT_LISTS = 4;

/** One version, and its JSON by how it is seen, once somebody has seen it so. */
interface Entry {
  readonly metadata: ServiceMetadata;
  readonly json: Map<string, string>;
}

/**
 * What the lists of services tell, kept as JSON: with ten thousand services to read, parse and print
 * again a list would hold up all other requests for a quarter of a second.
 */
export class ServiceCatalog {
  readonly #store: ServiceStore;
  /** By name and version, oldest first. */
  #entries: Promise<Map<string, Entry>> | undefined;
  /** By user, used last at the end. */
  readonly #lists = new Map<string, Buffer>();

  constructor(store: ServiceStore) {
    this.#store = store;
  }

  /** All versions, or those of one name, oldest first, as the JSON array that a user gets. */
  async list(user: User, name?: string): Promise<Buffer> {
    if (name !== undefined) {
      const entries = await this.#load();
      return toList(
        [...entries.values()].filter(({ metadata }) => metadata.name === name),
        user,
      );
    }
    const entries = await this.#load();
    const key = `${user.role} ${user.name}`;
    const list = this.#lists.get(key) ?? toList(entries.values(), user);
    this.#lists.delete(key);
    this.#lists.set(key, list);
    const [oldest] = this.#lists.keys();
    if (oldest !== undefined && this.#lists.size > KEPT_LISTS) this.#lists.delete(oldest);
    return list;
  }

  /** Takes a version that has been published or changed, which is in the store. */
  async put(record: ServiceRecord): Promise<void> {
    (await this.#loaded())?.set(keyOf(record), toEntry(record));
    this.#lists.clear();
  }

  /** Forgets a version that is not in the store any more. */
  async remove(version: Pick<ServiceRecord, 'name' | 'version'>): Promise<void> {
    (await this.#loaded())?.delete(keyOf(version));
    this.#lists.clear();
  }

  #load(): Promise<Map<string, Entry>> {
    this.#entries ??= this.#store.list().then(
      (records) => new Map(records.map((record) => [keyOf(record), toEntry(record)])),
      (error: unknown) => {
        this.#entries = undefined;
        throw error;
      },
    );
    return this.#entries;
  }

  /** What has been loaded; undefined when nothing has, or could be: the next list loads it. */
  async #loaded(): Promise<Map<string, Entry> | undefined> {
    return this.#entries?.catch(() => undefined);
  }
}

/** One version as the JSON array that a user gets. */
export function listOfOne(record: ServiceRecord, user: User): Buffer {
  return toList([toEntry(record)], user);
}

function toEntry({ tree, pool, python, packages, ...metadata }: ServiceRecord): Entry {
  return { metadata, json: new Map() };
}

function toList(entries: Iterable<Entry>, user: User): Buffer {
  const items: string[] = [];
  for (const { metadata, json } of entries) {
    const view = viewOf(user, metadata);
    const key = `${view.hasCode} ${view.mayChange}`;
    let item = json.get(key);
    if (item === undefined) {
      item = JSON.stringify(toWebService(metadata, view));
      json.set(key, item);
    }
    items.push(item);
  }
  return Buffer.from(`[${items.join()}]`);
}

function keyOf({ name, version }: Pick<ServiceRecord, 'name' | 'version'>): string {
  return `${name}/${version}`;
}
