import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { v4 } from 'uuid';
import type { ServerConfig } from '../config.js';
import { ServiceNotFoundError, type Services } from '../services/index.js';
import type { BatchFile, BatchRecord, Store } from '../store/index.js';
import { wireTime } from '../time.js';
import { BatchDirectory } from './batch-directory.js';
import { BatchLookup, type BatchPlace } from './batch-lookup.js';
import { rowsOf } from './body.js';
import { BatchFileNotFoundError, BatchRowNotFoundError } from './errors.js';
import type { ResultLog } from './result-log.js';
import { BatchRunner, type BatchState } from './runner.js';

/** How far a batch is, and its results as a stream. */
export interface BatchProgress {
  readonly state: BatchState;
  /** Rows that have a result, counted from the first one without a gap. */
  readonly completed: number;
  readonly total: number;
  /** Results of the first `completed` rows, or none: the inside of a JSON array. */
  readonly results: { readonly length: number; readonly stream: Readable };
}

/** The parts that batches are made of. */
export interface BatchParts {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly store: Store;
  readonly services: Services;
}

/**
 * Services that are called for many rows, without anybody waiting. Rows and results are files, so
 * that their number and size cost no memory, and survive the end of the server.
 */
export class Batches {
  readonly #parts: BatchParts;
  readonly #directory: BatchDirectory;
  readonly #lookup: BatchLookup;
  readonly #runner: BatchRunner;
  /** Batches whose rows arrive at the moment. */
  readonly #arriving = new Set<string>();
  #isClosed = false;

  constructor(parts: BatchParts) {
    this.#parts = parts;
    this.#directory = new BatchDirectory(parts.config.dataDirectory);
    const { log, store, services, config } = parts;
    const directory = this.#directory;
    this.#lookup = new BatchLookup(store, directory, config.batch.keep);
    this.#runner = new BatchRunner({ config: config.batch, log, store, services, directory });
  }

  /** Goes on with the batches of the server before, and removes what nobody can reach any more. */
  async resume(): Promise<void> {
    const { store } = this.#parts;
    await this.expire();
    for (const record of await store.batches.unfinished()) {
      const { id } = record;
      if (this.#arriving.has(id) || this.#runner.get(id) !== undefined) continue;
      try {
        await this.#directory.tidy(id);
        await this.#runner.open(record);
        // It may have been deleted before the runner knew it.
        if ((await store.batches.find(id)) === undefined) await this.#runner.stop(id);
        else this.#runner.begin(id);
      } catch (error) {
        await this.#runner.stop(id);
        if ((await store.batches.find(id)) !== undefined) await this.#runner.fail(record, error);
      }
      if (this.#isClosed) return;
    }
  }

  /**
   * Removes batches whose results have been kept for long enough, and files of batches that are
   * over: those of one that was deleted while a backup was made, or by a server that was killed.
   */
  async expire(): Promise<void> {
    const { store, log } = this.#parts;
    const expired = await store.batches.deleteFinishedBefore(this.#lookup.expiry);
    if (expired.length > 0) log.debug({ batches: expired.length }, 'Batches have expired.');
    const ids = await this.#directory.ids();
    const known = await store.batches.endings();
    for (const id of ids) {
      if (known.get(id) === true) await this.#directory.discardRows(id);
      // One that has been recorded since arrived until then.
      else if (!known.has(id) && !(await this.#isKnown(id))) await this.#directory.discard(id);
    }
  }

  /**
   * Begins a batch: when this resolves, its rows are on the disk and will be run.
   * @param body a JSON array of objects with the parameters of a call each
   * @param parallelCount rows to run at the same time; 1 or more
   * @returns its id, and how many rows run at the same time at most
   * @throws {ServiceNotFoundError} {InvalidBatchError} {BatchTooLargeError}
   */
  async start(
    { user, name, version }: BatchPlace,
    body: AsyncIterable<Uint8Array>,
    parallelCount: number,
  ): Promise<{ readonly id: string; readonly parallelCount: number }> {
    const { config, services, store } = this.#parts;
    const hold = await services.hold(name, version);
    const id = v4();
    this.#arriving.add(id);
    try {
      const limits = { ...config.batch, maxRowBytes: config.maxBodyBytes };
      const total = await this.#directory.create(id, rowsOf(body, limits, hold.validate));
      const record: BatchRecord = {
        id,
        owner: user.name,
        creationTime: wireTime(new Date()),
        parallelCount: Math.min(parallelCount, config.batch.maxParallel),
        total,
        service: hold.record,
        finishedAt: null,
        failure: null,
      };
      // The runner knows it before anybody can: who deletes it at once stops it, too.
      await this.#runner.open(record);
      await store.batches.insert(record);
      this.#runner.begin(id);
      return { id, parallelCount: Math.min(record.parallelCount, hold.workers) };
    } catch (error) {
      await this.#abandon(id);
      throw error;
    } finally {
      this.#arriving.delete(id);
      hold.release();
    }
  }

  /**
   * Ids of a user's batches of a version, oldest first.
   * @throws {ServiceNotFoundError} when there is neither such a version nor a batch of it
   */
  async list({ user, name, version }: BatchPlace): Promise<string[]> {
    const { store } = this.#parts;
    const ids = await store.batches.ids(user.name, name, version, this.#lookup.expiry);
    if (ids.length === 0 && (await store.services.find(name, version)) === undefined) {
      throw new ServiceNotFoundError(name, version);
    }
    return ids;
  }

  /**
   * How far a batch is. The results are those of its first rows, in their order: rows that have
   * ended behind one that runs are not counted before that has ended, too.
   * @param isPartial whether results are wanted while there are rows without
   * @throws {ServiceNotFoundError} or {BatchNotFoundError}
   */
  async progress(place: BatchPlace, id: string, isPartial: boolean): Promise<BatchProgress> {
    // It is looked for first: what is found in the database may be older than its end.
    const running = this.#runner.get(id);
    const { total, failure, finishedAt } = await this.#lookup.find(place, id);
    const open = running ?? this.#runner.get(id);
    const log = open?.log ?? (await this.#lookup.results(place, id, total));
    const completed = log.prefix;
    const state = this.#stateOf(id, open?.state ?? endOf(failure, finishedAt), log, total);
    const isOver = state === 'Complete' || state === 'Failed';
    const results = await this.#lookup.unlessGone(place, id, () =>
      log.inside(isPartial || isOver ? completed : 0),
    );
    return { state, completed, total, results };
  }

  /** Cancels a batch and deletes it. @throws {ServiceNotFoundError} or {BatchNotFoundError} */
  async remove(place: BatchPlace, id: string): Promise<void> {
    await this.#lookup.find(place, id);
    await this.#runner.stop(id);
    await this.#parts.store.batches.delete(id);
    // A starting server may have taken it up in between; from now on it finds it no more.
    await this.#runner.stop(id);
    await this.#directory.discard(id);
  }

  /**
   * The files that the run of a row has left, by name.
   * @throws {ServiceNotFoundError} {BatchNotFoundError} {BatchRowNotFoundError}
   */
  async files(place: BatchPlace, id: string, index: number): Promise<readonly BatchFile[]> {
    const { total, failure, finishedAt } = await this.#lookup.find(place, id);
    // Of a complete batch all rows have results, and to read them all for each file takes long.
    const isComplete = finishedAt !== null && failure === null;
    const log = isComplete
      ? undefined
      : (this.#runner.get(id)?.log ?? (await this.#lookup.results(place, id, total)));
    const isThere = log === undefined ? index < total : log.has(index);
    if (!isThere) throw new BatchRowNotFoundError(index, total);
    const files = await this.#parts.store.batches.files(id, index);
    // Of one that has just been deleted there are none, whatever the row has left.
    if (files.length === 0) await this.#lookup.find(place, id);
    return files;
  }

  /** The content of such a file. @throws {BatchFileNotFoundError} and as {@link files} */
  async file(
    place: BatchPlace,
    id: string,
    index: number,
    fileName: string,
  ): Promise<{ readonly size: number; readonly stream: Readable }> {
    const files = await this.files(place, id, index);
    const file = files.find(({ name }) => name === fileName);
    if (file === undefined) throw new BatchFileNotFoundError(index, fileName);
    const stream = this.#parts.store.blobs.open(file.sha256);
    await this.#lookup.unlessGone(place, id, () => once(stream, 'open'));
    return { size: file.size, stream };
  }

  /** How many batches run, and how many wait for their turn. */
  load(): { readonly running: number; readonly waiting: number } {
    return this.#runner.load();
  }

  /** Stops all rows; the next server on the data directory runs them. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#runner.close();
  }

  /** A batch that was complete and has lost results since has failed, and keeps the others. */
  #stateOf(id: string, state: BatchState, { prefix }: ResultLog, total: number): BatchState {
    if (state !== 'Complete' || prefix === total) return state;
    this.#parts.log.error(
      { batch: id, row: prefix },
      'The results of a batch are damaged from this row on. Restore them from a backup.',
    );
    return 'Failed';
  }

  /** Whether a batch arrives or is recorded. */
  async #isKnown(id: string): Promise<boolean> {
    return this.#arriving.has(id) || (await this.#parts.store.batches.find(id)) !== undefined;
  }

  /** Leaves nothing of a batch that could not be begun; why it could not is for others to tell. */
  async #abandon(id: string): Promise<void> {
    for (const task of [
      () => this.#runner.stop(id),
      () => this.#parts.store.batches.delete(id),
      () => this.#directory.discard(id),
    ]) {
      try {
        await task();
      } catch (error) {
        this.#parts.log.error(
          { err: error, batch: id },
          'Something is left of a batch that could not be begun; the next start removes it.',
        );
      }
    }
  }
}

function endOf(failure: string | null, finishedAt: number | null): BatchState {
  if (finishedAt === null) return 'Pending';
  return failure === null ? 'Complete' : 'Failed';
}
