import type { Row } from './row-file.js';

/** How many rows may be out at the same time. */
export interface MostInHand {
  /** Bytes of rows in all; the last of them may go beyond. */
  readonly bytes: number;
  /** Rows that may be out however large they are. */
  readonly rows: number;
}

/**
 * Gives the rows of a batch out, one after the other, and waits where those that are out take too
 * much memory: rows may be large, and many lanes ask for one.
 */
export class RowsInHand {
  readonly #rows: AsyncGenerator<Row, void>;
  readonly #most: MostInHand;
  #bytes = 0;
  #count = 0;
  #isClosed = false;
  /** The row that is being read. */
  #taking: Promise<Row | undefined> = Promise.resolve(undefined);
  /** Wakes the one that waits for room. */
  #wake: (() => void) | undefined;

  constructor(rows: AsyncGenerator<Row, void>, most: MostInHand) {
    this.#rows = rows;
    this.#most = most;
  }

  /** The next row, when there is room for it; undefined when there is none, or after the end. */
  take(): Promise<Row | undefined> {
    const take = () => this.#take();
    this.#taking = this.#taking.then(take, take);
    return this.#taking;
  }

  /** Takes a row back, whose bytes nobody needs any more. */
  done({ body }: Row): void {
    this.#bytes -= body.byteLength;
    this.#count -= 1;
    this.#wake?.();
  }

  /** Gives no more rows out. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  async #take(): Promise<Row | undefined> {
    while (!this.#isClosed && this.#isFull()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#isClosed) return undefined;
    const next = await this.#rows.next();
    if (next.done) return undefined;
    this.#bytes += next.value.body.byteLength;
    this.#count += 1;
    return next.value;
  }

  #isFull(): boolean {
    return this.#bytes >= this.#most.bytes && this.#count >= this.#most.rows;
  }
}
