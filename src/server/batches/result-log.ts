/**
 * The answers of a batch in a file that only grows: a record of each, in the order in which they
 * ended. What a server left half written when it was killed, and what has been damaged since, is
 * recognised by the checksums: it counts as not there.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  type FoundRecords,
  findRecords,
  RECORD_HEADER,
  type RowResult,
  readUpTo,
  recordHeader,
} from './result-records.js';

/** Bytes read at once. */
const WINDOW = 1024 * 1024;
/** Rows that are looked up together. */
const ROWS_TOGETHER = 256;

/** Where the answers of a batch are, and the way to them. */
export class ResultLog {
  readonly #path: string;
  /** By row: where its answer begins, and how long it is; -1 for a row that has none. */
  readonly #offsets: Float64Array;
  readonly #lengths: Uint32Array;
  /** Bytes up to the end of the last whole record. */
  #end = 0;
  #damaged = 0;
  #prefix = 0;
  #prefixBytes = 0;
  /** What answers are written to; undefined for those of a batch that has ended. */
  #file: FileHandle | undefined;

  private constructor(path: string, total: number) {
    this.#path = path;
    this.#offsets = new Float64Array(total).fill(-1);
    this.#lengths = new Uint32Array(total);
  }

  /** Opens the answers of a batch that goes on, and cuts off what is not whole at their end. */
  static async resume(path: string, total: number): Promise<ResultLog> {
    const log = new ResultLog(path, total);
    const file = await open(path, 'a+', 0o600);
    try {
      await log.#find(file);
      const { size } = await file.stat();
      if (size > log.#end) {
        await file.truncate(log.#end);
        await file.sync();
      }
      log.#file = file;
      return log;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Looks for the answers of a batch that nothing is written to. @throws when it has no file */
  static async read(path: string, total: number): Promise<ResultLog> {
    const log = new ResultLog(path, total);
    const file = await open(path, 'r');
    try {
      await log.#find(file);
      return log;
    } finally {
      await file.close();
    }
  }

  /** The answers of a batch that has no file of them. */
  static none(total: number): ResultLog {
    return new ResultLog('', total);
  }

  /** Bytes that were damaged, or half written, when the file was opened. */
  get damaged(): number {
    return this.#damaged;
  }

  /** Rows that have an answer, counted from the first one without a gap. */
  get prefix(): number {
    return this.#prefix;
  }

  has(index: number): boolean {
    return (this.#offsets[index] ?? -1) >= 0;
  }

  /** Writes answers and waits until they are on the disk; only then they are there. */
  async append(results: readonly RowResult[]): Promise<void> {
    if (this.#file === undefined) throw new Error('The results of the batch are closed.');
    const pieces = results.flatMap((result) => [recordHeader(result), result.answer]);
    await this.#file.appendFile(Buffer.concat(pieces));
    await this.#file.datasync();
    for (const { index, answer } of results) {
      this.#note(index, this.#end + RECORD_HEADER, answer.byteLength);
      this.#end += RECORD_HEADER + answer.byteLength;
    }
    this.#advance();
  }

  /**
   * The answers of the first rows as the inside of a JSON array, with its length in bytes. They can
   * be read to the end when the file is deleted meanwhile.
   * @param rows how many; no more than {@link prefix}
   */
  async inside(rows: number): Promise<{ readonly length: number; readonly stream: Readable }> {
    if (rows === 0) return { length: 0, stream: Readable.from([]) };
    let length = rows - 1;
    if (rows === this.#prefix) length += this.#prefixBytes;
    else for (let index = 0; index < rows; index += 1) length += this.#lengths[index] as number;
    const file = await open(this.#path, 'r');
    const stream = Readable.from(this.#pieces(file, rows), { highWaterMark: 1 });
    stream.once('close', () => {
      file.close().catch((error: unknown) => stream.emit('error', error));
    });
    return { length, stream };
  }

  /** Ends writing. Idempotent. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async *#pieces(file: FileHandle, rows: number): AsyncGenerator<Buffer, void> {
    for (let from = 0; from < rows; ) {
      const { to, start, end } = this.#together(from, rows);
      const bytes = await readUpTo(file, start, end - start);
      if (bytes.byteLength < end - start) {
        throw new Error('A file with results of a batch has become shorter.');
      }
      const parts: Buffer[] = [];
      for (let index = from; index < to; index += 1) {
        if (index > 0) parts.push(COMMA);
        const at = (this.#offsets[index] as number) - start;
        parts.push(bytes.subarray(at, at + (this.#lengths[index] as number)));
      }
      yield parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
      from = to;
    }
  }

  /** Rows that stand close to each other in the file, so that they can be read at once. */
  #together(from: number, rows: number): { to: number; start: number; end: number } {
    let start = this.#offsets[from] as number;
    let end = start + (this.#lengths[from] as number);
    let to = from + 1;
    for (; to < rows && to - from < ROWS_TOGETHER; to += 1) {
      const offset = this.#offsets[to] as number;
      const first = Math.min(start, offset);
      const last = Math.max(end, offset + (this.#lengths[to] as number));
      if (last - first > WINDOW) break;
      start = first;
      end = last;
    }
    return { to, start, end };
  }

  async #find(file: FileHandle): Promise<void> {
    const found: FoundRecords = await findRecords(file, this.#offsets.length, (...record) =>
      this.#note(...record),
    );
    this.#end = found.end;
    this.#damaged = found.damaged;
    this.#advance();
  }

  #note(index: number, offset: number, length: number): void {
    this.#offsets[index] = offset;
    this.#lengths[index] = length;
  }

  #advance(): void {
    while (this.has(this.#prefix)) {
      this.#prefixBytes += this.#lengths[this.#prefix] as number;
      this.#prefix += 1;
    }
  }
}

const COMMA = Buffer.from(',');
