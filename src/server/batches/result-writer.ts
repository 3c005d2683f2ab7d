import { setTimeout as delay } from 'node:timers/promises';
import type { OutputFile } from './output-files.js';
import type { ResultLog } from './result-log.js';
import type { RowResult } from './result-records.js';

/**
 * Milliseconds between two writes. Each waits for the disk, so rows that end close to each other
 * are written together.
 */
const INTERVAL = 20;
/** Bytes of answers that may wait to be written before rows have to. */
const MOST_WAITING = 16 * 1024 * 1024;

/** A row's answer with the files that belong to it. */
export interface FinishedRow extends RowResult {
  readonly files: readonly OutputFile[];
}

/** Keeps files of rows; called before the answers are written that belong to them. */
export type KeepFiles = (rows: readonly FinishedRow[]) => Promise<void>;

/** Writes what rows answer to the disk, many rows at a time. */
export class ResultWriter {
  readonly #log: ResultLog;
  readonly #keepFiles: KeepFiles;
  #waiting: FinishedRow[] = [];
  #size = 0;
  #writing: Promise<void> | undefined;
  readonly #hurry = new AbortController();
  #failure: Error | undefined;

  constructor(log: ResultLog, keepFiles: KeepFiles) {
    this.#log = log;
    this.#keepFiles = keepFiles;
  }

  /**
   * Takes the answer of a row. It is on the disk when {@link flush} has resolved, or some time
   * before; this resolves when there is room for the next.
   * @throws whatever kept an earlier answer from being written
   */
  async add(row: FinishedRow): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#waiting.push(row);
    this.#size += sizeOf(row);
    this.#writing ??= this.#write();
    // A failure is told by the next row, so that no more are run for nothing.
    this.#writing.catch((error: Error) => {
      this.#failure = error;
    });
    if (this.#size > MOST_WAITING) await this.#writing;
  }

  /** Waits until all is on the disk. @throws whatever keeps it from there */
  async flush(): Promise<void> {
    this.#hurry.abort();
    await this.#writing;
  }

  /** After a failure it stays at that: nothing may be written behind a gap. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#pause();
      const rows = this.#waiting;
      this.#waiting = [];
      const withFiles = rows.filter(({ files }) => files.length > 0);
      if (withFiles.length > 0) await this.#keepFiles(withFiles);
      await this.#log.append(rows);
      this.#size -= rows.reduce((sum, row) => sum + sizeOf(row), 0);
    }
    this.#writing = undefined;
  }

  async #pause(): Promise<void> {
    const { signal } = this.#hurry;
    if (signal.aborted || this.#size > MOST_WAITING) return;
    try {
      await delay(INTERVAL, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

function sizeOf({ answer, files }: FinishedRow): number {
  return files.reduce((sum, { content }) => sum + content.byteLength, answer.byteLength);
}
