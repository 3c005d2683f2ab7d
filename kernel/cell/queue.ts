import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OpenRequest } from '../requests.js';

/** How a cell ended, as far as the cells behind it are concerned. */
export interface CellOutcome {
  /** Whether the cells that were waiting when it failed are not to run. */
  readonly stopsQueue: boolean;
}

/** Runs one cell and answers its request, failures included: it does not throw. */
export interface CellRunner {
  /**
   * @param markQueue to be awaited before an error is answered: the cells that have been sent until
   *   then are those that a failure stops. What a client sends when it knows of the error is not.
   */
  run(
    request: OpenRequest,
    signal: AbortSignal,
    markQueue: () => Promise<void>,
  ): Promise<CellOutcome>;
  /** Answers a request whose cell is not run. */
  abort(request: OpenRequest): void;
}

/** The cells that wait for their turn; one runs at a time, in the order of their requests. */
export class CellQueue {
  #waiting: OpenRequest[] = [];
  #current: AbortController | undefined;
  #idle: Promise<void> = Promise.resolve();
  /** How many of the waiting cells were sent before the running one was known to have failed. */
  #marked = 0;

  /** @param onIdle told when the last cell has ended and none waits. */
  constructor(
    private readonly runner: CellRunner,
    private readonly onIdle: () => void = () => {},
  ) {}

  get isRunning(): boolean {
    return this.#current !== undefined;
  }

  /** Resolves when no cell runs and none waits. */
  get idle(): Promise<void> {
    return this.#idle;
  }

  add(request: OpenRequest): void {
    this.#waiting.push(request);
    if (this.#current === undefined) this.#idle = this.#runAll();
  }

  /** Interrupts what the kernel itself does for the running cell. Idempotent. */
  interrupt(): void {
    this.#current?.abort();
  }

  /** Drops the cells that wait; the kernel is about to end. */
  clear(): void {
    for (const request of this.#waiting.splice(0)) this.runner.abort(request);
  }

  async #runAll(): Promise<void> {
    for (let request = this.#waiting.shift(); request; request = this.#waiting.shift()) {
      this.#current = new AbortController();
      this.#marked = 0;
      const { signal } = this.#current;
      const { stopsQueue } = await this.runner.run(request, signal, () => this.#mark());
      if (!stopsQueue) continue;
      for (const stopped of this.#waiting.splice(0, this.#marked)) this.runner.abort(stopped);
    }
    this.#current = undefined;
    this.onIdle();
  }

  async #mark(): Promise<void> {
    // Some requests may still be in the socket. A turn of the event loop reads what had arrived
    // when it began; the one that is under way began earlier.
    await nextTurn();
    await nextTurn();
    this.#marked = this.#waiting.length;
  }
}
