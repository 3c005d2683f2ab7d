import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../errors.js';
import {
  CallCancelledError,
  CallGroup,
  type ServiceHold,
  ServiceUnavailableError,
} from '../services/index.js';
import { takeOutputFiles } from './output-files.js';
import type { ResultLog } from './result-log.js';
import { type FinishedRow, type KeepFiles, ResultWriter } from './result-writer.js';
import type { Row } from './row-file.js';
import { RowsInHand } from './rows-in-hand.js';

/**
 * Milliseconds that a row waits for a service whose workers cannot be started, each time anew.
 * When it has waited in vain as often as this, the row fails, and so does each one after it.
 */
const PATIENCE = [1000, 2000, 4000, 8000, 16_000];

/** Bytes of rows that are in memory at the same time, where the workers have their row each. */
const MOST_BYTES = 32 * 1024 * 1024;

/** What a batch runs with. */
export interface RunParts {
  readonly id: string;
  /** Rows that run at the same time, where the service has as many workers. */
  readonly parallelCount: number;
  readonly service: ServiceHold;
  readonly rows: AsyncGenerator<Row, void>;
  readonly log: ResultLog;
  readonly keepFiles: KeepFiles;
}

/**
 * Runs the rows of a batch that have no answer yet, in their order and several at a time. What a
 * row answers, a failure too, is its result; it counts when it is on the disk.
 */
export class BatchRun {
  readonly #parts: RunParts;
  readonly #rows: RowsInHand;
  readonly #writer: ResultWriter;
  readonly #group = new CallGroup();
  readonly #stop = new AbortController();
  /** How often in a row the service could not be run. */
  #failures = 0;
  /** The wait for a service that could not be run, which all its rows share. */
  #recovery: Promise<void> | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    const most = { bytes: MOST_BYTES, rows: parts.service.workers };
    this.#rows = new RowsInHand(parts.rows, most);
    this.#writer = new ResultWriter(parts.log, parts.keepFiles);
  }

  /**
   * Runs the rows.
   * @returns whether all have an answer; not, when it was stopped
   * @throws whatever keeps an answer from the disk
   */
  async run(): Promise<boolean> {
    const { parallelCount, rows } = this.#parts;
    try {
      const lanes = Array.from({ length: parallelCount }, () => this.#lane());
      const outcomes = await Promise.allSettled(lanes);
      const failure = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failure !== undefined) throw failure.reason;
      await this.#writer.flush();
      return !this.#stop.signal.aborted;
    } finally {
      await rows.return();
    }
  }

  /** Ends the rows that run, with their workers; {@link run} resolves soon. Idempotent. */
  stop(): void {
    this.#stop.abort();
    this.#rows.close();
    this.#parts.service.cancel(this.#group);
  }

  /** Runs one row after the other. */
  async #lane(): Promise<void> {
    const { log } = this.#parts;
    try {
      for (;;) {
        const row = await this.#rows.take();
        if (row === undefined || this.#stop.signal.aborted) return;
        const { index } = row;
        const answer = log.has(index) ? undefined : await this.#answer(row);
        this.#rows.done(row);
        if (answer !== undefined) await this.#writer.add({ index, ...answer });
      }
    } catch (error) {
      if (error instanceof CallCancelledError) return;
      // The other lanes would run rows whose answers can be kept no more than this one's.
      this.stop();
      throw error;
    }
  }

  async #answer({ index, body }: Row): Promise<Omit<FinishedRow, 'index'>> {
    const { id, service } = this.#parts;
    const hasFiles = service.record.outputFileNames.length > 0;
    for (;;) {
      try {
        const answer = await service.call(body, `${id}/${index}`, this.#group);
        this.#failures = 0;
        return hasFiles ? takeOutputFiles(answer) : { answer, files: [] };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error instanceof ServiceUnavailableError && this.#failures < PATIENCE.length) {
          this.#recovery ??= this.#recover();
          await this.#recovery;
          continue;
        }
        return { answer: failed(error.message), files: [] };
      }
    }
  }

  /** Waits a while. @throws {CallCancelledError} when the run is stopped meanwhile */
  async #recover(): Promise<void> {
    const { signal } = this.#stop;
    try {
      await delay(PATIENCE[this.#failures], undefined, { signal });
      this.#failures += 1;
    } catch (error) {
      throw signal.aborted ? new CallCancelledError() : error;
    } finally {
      this.#recovery = undefined;
    }
  }
}

/** The answer of a row that its service did not give. */
function failed(errorMessage: string): Buffer {
  const answer = {
    success: false,
    errorMessage,
    outputParameters: {},
    outputFiles: {},
    consoleOutput: '',
    changedFiles: [],
  };
  return Buffer.from(JSON.stringify(answer));
}
