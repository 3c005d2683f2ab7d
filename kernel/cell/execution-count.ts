import { decodeDict } from '../../src/jupyter/index.js';

/**
 * The numbers of cells, as this kernel's clients see them. Sessions count; the kernel remembers, so
 * that a session that takes over from another goes on where that one was.
 */
export class ExecutionCount {
  #last = 0;
  /** Content of the last `execute_reply`, which nobody has asked the number of. */
  #unread: Uint8Array | undefined;
  #running: number | undefined;

  /** Number of the last cell that counted; 0 before the first. */
  get last(): number {
    if (this.#unread !== undefined) {
      const { execution_count: count } = decodeDict(this.#unread, 'content of an execute_reply');
      if (typeof count === 'number') this.#last = count;
      this.#unread = undefined;
    }
    return this.#last;
  }

  set last(number: number) {
    this.#unread = undefined;
    this.#last = number;
  }

  /** The number that the first cell of another session gets: the running one's, if there is one. */
  get next(): number {
    return this.#running ?? this.last + 1;
  }

  /** Takes the number from the content of an `execute_reply`. */
  replied(content: Uint8Array): void {
    this.#unread = content;
  }

  /** Says that a cell has begun which a change of session does not end, and under which number. */
  begun(number: number): void {
    this.#running = number;
  }

  /** Says that this cell is over. */
  ended(): void {
    this.#running = undefined;
  }
}
