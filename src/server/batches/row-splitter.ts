import { BatchTooLargeError, InvalidBatchError } from './errors.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

type Expected = 'list' | 'first row' | 'row' | 'comma' | 'nothing';

/**
 * Takes the rows out of a JSON array of objects that comes in pieces. It keeps no more than the
 * row that it is in, and hands the bytes of each row on as they are: whether those are JSON is for
 * the validator of the service to say.
 */
export class RowSplitter {
  readonly #rowLimit: number;
  #expected: Expected = 'list';
  /** Earlier pieces of the row that is not complete. */
  #pieces: Buffer[] = [];
  #size = 0;
  /** Levels of brackets that are open; 0 between rows. */
  #depth = 0;
  #isInString = false;
  /** Whether the next byte belongs to an escape. */
  #isEscaped = false;
  #count = 0;

  /** @param rowLimit bytes that a row may have */
  constructor(rowLimit: number) {
    this.#rowLimit = rowLimit;
  }

  /**
   * The rows that are complete with these bytes.
   * @throws {InvalidBatchError} or {BatchTooLargeError}
   */
  push(chunk: Buffer): Buffer[] {
    const rows: Buffer[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.#depth === 0) {
        if (this.#between(chunk[at] as number)) {
          start = at;
          this.#depth = 1;
        }
        at += 1;
        continue;
      }
      at = this.#within(chunk, at);
      if (this.#depth === 0) {
        rows.push(this.#take(chunk.subarray(start, at)));
      }
    }
    if (this.#depth > 0) this.#keep(chunk.subarray(start));
    return rows;
  }

  /** Says that there are no more bytes. @throws {InvalidBatchError} when the list has no end */
  end(): void {
    if (this.#expected === 'list') {
      throw new InvalidBatchError('The body is empty. Send a JSON array of objects, one per row.');
    }
    if (this.#expected !== 'nothing') {
      throw new InvalidBatchError(
        `The body ends within its array, after ${this.#count} rows. Send the whole array.`,
      );
    }
  }

  /** Takes a byte between rows. @returns whether a row begins with it */
  #between(byte: number): boolean {
    if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return false;
    switch (this.#expected) {
      case 'list':
        if (byte !== OPEN_BRACKET) {
          throw new InvalidBatchError(
            'The body is not a JSON array. Send an array of objects, one per row, such as [{"x":1},{"x":2}].',
          );
        }
        this.#expected = 'first row';
        return false;
      case 'comma':
        if (byte === COMMA) {
          this.#expected = 'row';
          return false;
        }
        break;
      case 'first row':
      case 'row':
        if (byte === OPEN_BRACE) return true;
        break;
      case 'nothing':
        throw new InvalidBatchError('The body goes on after the end of its array.');
    }
    if (byte === CLOSE_BRACKET && this.#expected !== 'row') {
      this.#expected = 'nothing';
      return false;
    }
    throw new InvalidBatchError(
      this.#expected === 'comma'
        ? `The body is not valid JSON: after row ${this.#count - 1} there is neither a comma nor the end of the array.`
        : `Row ${this.#count} is not a JSON object. Each row is an object with the parameters by name, such as {"x":1}.`,
    );
  }

  /** Goes on in a row. @returns where it ends, or where the chunk does */
  #within(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      if (this.#isInString) {
        at = this.#withinString(chunk, at);
        continue;
      }
      const byte = chunk[at] as number;
      at += 1;
      if (byte === QUOTE) this.#isInString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        this.#depth -= 1;
        if (this.#depth === 0) return at;
      }
    }
    return at;
  }

  #withinString(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at];
      at += 1;
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#isInString = false;
        return at;
      }
    }
    return at;
  }

  #take(last: Buffer): Buffer {
    this.#keep(last);
    const row = this.#pieces.length === 1 ? last : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#size = 0;
    this.#count += 1;
    this.#expected = 'comma';
    return row;
  }

  #keep(piece: Buffer): void {
    this.#size += piece.byteLength;
    if (this.#size > this.#rowLimit) {
      throw new BatchTooLargeError(
        `Row ${this.#count} has more than ${this.#rowLimit} bytes. Send less, or have the limit raised (maxBodyBytes).`,
      );
    }
    this.#pieces.push(piece);
  }
}
