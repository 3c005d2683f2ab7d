import type { Logger } from 'pino';
import type { BatchConfig } from '../config.js';
import type { ServiceHold, Services } from '../services/index.js';
import type { BatchRecord, Store } from '../store/index.js';
import type { BatchDirectory } from './batch-directory.js';
import { fileKeeper } from './batch-files.js';
import { BatchRun } from './batch-run.js';
import { ResultLog } from './result-log.js';
import { readRows } from './row-file.js';

/** What becomes of a batch, in the words of the wire. */
export type BatchState = 'Pending' | 'InProgress' | 'Complete' | 'Failed';

/** A batch that runs or waits for its turn, and has one of the states for good afterwards. */
export interface OpenBatch {
  readonly state: BatchState;
  readonly log: ResultLog;
}

interface Entry extends OpenBatch {
  readonly record: BatchRecord;
  state: BatchState;
  run: BatchRun | undefined;
  /** Resolves when its run has ended, however; undefined while it waits. */
  ended: Promise<void> | undefined;
  isStopped: boolean;
}

export interface RunnerParts {
  readonly config: BatchConfig;
  readonly log: Logger;
  readonly store: Store;
  readonly services: Services;
  readonly directory: BatchDirectory;
}

/** Runs batches: so many at the same time, the others in the order in which they came. */
export class BatchRunner {
  readonly #parts: RunnerParts;
  readonly #entries = new Map<string, Entry>();
  /** Those whose results are being opened; settled when they are entries, or have failed. */
  readonly #opening = new Map<string, Promise<unknown>>();
  readonly #waiting: Entry[] = [];
  #running = 0;
  #isClosed = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** A batch that has not ended. */
  get(id: string): OpenBatch | undefined {
    return this.#entries.get(id);
  }

  /** How many batches run, and how many wait for their turn. */
  load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#waiting.length };
  }

  /**
   * Takes a batch in, without running it: from now on it can be stopped. When the runner has been
   * closed it is left to the next server.
   * @throws when its results cannot be opened
   */
  async open(record: BatchRecord): Promise<void> {
    if (this.#isClosed) return;
    const opening = this.#open(record);
    this.#opening.set(
      record.id,
      // Whoever opens it is told of the failure; whoever stops it has nothing to stop then.
      opening.catch(() => undefined),
    );
    try {
      await opening;
    } finally {
      this.#opening.delete(record.id);
    }
  }

  /** Runs the rows of a batch that have no result yet, when its turn has come. */
  begin(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.isStopped) return;
    this.#waiting.push(entry);
    this.#startNext();
  }

  /** Stops a batch, its running rows with their workers; resolves when it has come to rest. */
  async stop(id: string): Promise<void> {
    await this.#opening.get(id);
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.isStopped = true;
    entry.run?.stop();
    const place = this.#waiting.indexOf(entry);
    if (place >= 0) this.#waiting.splice(place, 1);
    await (entry.ended ?? entry.log.close());
    this.#entries.delete(id);
  }

  /** Gives up a batch whose rows cannot be read or whose results cannot be written. */
  async fail({ id }: BatchRecord, error: unknown): Promise<void> {
    const { log, store } = this.#parts;
    log.error({ err: error, batch: id }, 'A batch has failed; the results that it has are kept.');
    try {
      await store.batches.finish(id, Date.now(), (error as Error).message);
    } catch (failure) {
      log.error({ err: failure, batch: id }, 'The failure of a batch could not be noted.');
    }
  }

  /** Stops all batches and starts no more. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const ids = [...this.#opening.keys(), ...this.#entries.keys()];
    await Promise.all(ids.map((id) => this.stop(id)));
  }

  async #open(record: BatchRecord): Promise<void> {
    const { directory, log: serverLog } = this.#parts;
    const { id, total } = record;
    const log = await ResultLog.resume(directory.results(id), total);
    if (log.damaged > 0) {
      serverLog.warn(
        { batch: id, bytes: log.damaged },
        'Results of a batch were half written or damaged; the rows that they were of run again.',
      );
    }
    const waits = { state: 'Pending', run: undefined, ended: undefined, isStopped: false } as const;
    this.#entries.set(id, { record, log, ...waits });
  }

  #startNext(): void {
    while (!this.#isClosed && this.#running < this.#parts.config.running) {
      const entry = this.#waiting.shift();
      if (entry === undefined) return;
      this.#running += 1;
      entry.ended = this.#run(entry).finally(() => {
        this.#running -= 1;
        this.#startNext();
      });
    }
  }

  /** Runs a batch to its end, or until it is stopped. It does not reject. */
  async #run(entry: Entry): Promise<void> {
    const { record, log } = entry;
    const { store, services, directory } = this.#parts;
    const { id, total, parallelCount } = record;
    let service: ServiceHold | undefined;
    try {
      // One that was killed at its very end needs neither its rows nor its service.
      if (log.prefix < total) {
        service = await services.holdFormer(record.service);
        if (entry.isStopped) return;
        const rows = readRows(directory.rows(id), total);
        const keepFiles = fileKeeper(store, id, directory.staging(id));
        entry.run = new BatchRun({ id, parallelCount, service, log, rows, keepFiles });
        entry.state = 'InProgress';
        if (!(await entry.run.run())) return;
      }
      await store.batches.finish(id, Date.now(), null);
      entry.state = 'Complete';
      this.#entries.delete(id);
      // They have been read for the last time.
      await this.#tidy(id, () => directory.discardRows(id));
    } catch (error) {
      if (entry.isStopped) {
        this.#parts.log.warn({ err: error, batch: id }, 'A batch that was stopped has failed.');
        return;
      }
      await this.fail(record, error);
      entry.state = 'Failed';
      this.#entries.delete(id);
    } finally {
      await this.#tidy(id, async () => service?.release());
      await this.#tidy(id, () => log.close());
    }
  }

  /** Does what comes after the end of a batch, which changes nothing about how it ended. */
  async #tidy(id: string, task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#parts.log.error(
        { err: error, batch: id },
        'Something of a batch could not be tidied up.',
      );
    }
  }
}
