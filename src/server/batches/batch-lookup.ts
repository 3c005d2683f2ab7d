import type { User } from '../auth/index.js';
import { ServiceNotFoundError } from '../services/index.js';
import type { BatchRecord, Store } from '../store/index.js';
import { type BatchDirectory, isMissing } from './batch-directory.js';
import { BatchNotFoundError } from './errors.js';
import { ResultLog } from './result-log.js';

/** Which version of a service a batch is of, and who wants something of it. */
export interface BatchPlace {
  readonly user: User;
  readonly name: string;
  readonly version: string;
}

/**
 * Finds batches of users with what they have on the disk, which may be deleted at any moment: first
 * their record goes, then their files.
 */
export class BatchLookup {
  readonly #store: Store;
  readonly #directory: BatchDirectory;
  readonly #keep: number;

  /** @param keep seconds that results are kept */
  constructor(store: Store, directory: BatchDirectory, keep: number) {
    this.#store = store;
    this.#directory = directory;
    this.#keep = keep;
  }

  /** Batches that ended at this time or before have expired. */
  get expiry(): number {
    return Date.now() - this.#keep * 1000;
  }

  /** A user's batch. @throws {ServiceNotFoundError} or {BatchNotFoundError} */
  async find({ user, name, version }: BatchPlace, id: string): Promise<BatchRecord> {
    const store = this.#store;
    const record = await store.batches.find(id);
    const isTheirs =
      record !== undefined &&
      record.owner === user.name &&
      record.service.name === name &&
      record.service.version === version &&
      (record.finishedAt === null || record.finishedAt > this.expiry);
    if (isTheirs) return record;
    const isThere = (await store.services.find(name, version)) !== undefined;
    throw isThere
      ? new BatchNotFoundError(name, version, id)
      : new ServiceNotFoundError(name, version);
  }

  /** The results of a batch that does not run. @throws as {@link find} */
  async results(place: BatchPlace, id: string, total: number): Promise<ResultLog> {
    try {
      return await ResultLog.read(this.#directory.results(id), total);
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Either it has just been deleted, which is told, or it never had a file of results.
      await this.find(place, id);
      return ResultLog.none(total);
    }
  }

  /** Opens something of a batch, which may be deleted meanwhile. @throws as {@link find} */
  async unlessGone<T>(place: BatchPlace, id: string, open: () => Promise<T>): Promise<T> {
    try {
      return await open();
    } catch (error) {
      if (isMissing(error)) await this.find(place, id);
      throw error;
    }
  }
}
