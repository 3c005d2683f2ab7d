import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OpenRequest } from '../requests.js';

/** How a cell ended, as far as the cells behind it are concerned. */
export interface CellOutcome {
  /** Whether the cells that were waiting when it failed are not to run. */
  readonly stopsQueue: boolean;
}

/** Runs one cell and answers its request, failures included: it does not throw. */
export interface CellRunner {
  run(request: OpenRequest, signal: AbortSignal): Promise<CellOutcome>;
  /** Answers a request whose cell is not run. */
  abort(request: OpenRequest): void;
}

/** The cells that wait for their turn; one runs at a time, in the order of their requests. */
export class CellQueue {
  #waiting: OpenRequest[] = [];
  #current: AbortController | undefined;

  constructor(private readonly runner: CellRunner) {}

  get isRunning(): boolean {
    return this.#current !== undefined;
  }

  add(request: OpenRequest): void {
    this.#waiting.push(request);
    if (this.#current === undefined) void this.#runAll();
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
      const { stopsQueue } = await this.runner.run(request, this.#current.signal);
      if (stopsQueue) await this.#abortReceived();
    }
    this.#current = undefined;
  }

  /**
   * Aborts the cells that had been sent before the failure was known. Some may still be in the
   * socket: after two turns of the event loop every socket has been read once.
   */
  async #abortReceived(): Promise<void> {
    await nextTurn();
    await nextTurn();
    this.clear();
  }
}
