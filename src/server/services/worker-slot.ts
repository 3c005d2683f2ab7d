import type { ServiceWorker } from '../../compute/index.js';
import type { CallGroup } from './call-group.js';

/** A call of a service, from its arrival to its answer. */
export interface Call {
  readonly body: Uint8Array;
  readonly requestId: string;
  /** Milliseconds of the monotonic clock. */
  readonly arrivedAt: number;
  /** Whether the caller has gone away, so that nobody wants the answer. */
  readonly isAbandoned: () => boolean;
  /** What it is cancelled with; undefined for a call that somebody waits for. */
  readonly group: CallGroup | undefined;
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** A worker with the calls that were sent to it, the first of which it runs. */
export class WorkerSlot {
  readonly worker: ServiceWorker;
  readonly #calls: Call[] = [];
  /** When the worker began with its first call, or ended its last one. */
  #runningSince = performance.now();
  /** Why it is being ended by the pool, if it is. */
  #stop: 'overdue' | 'cancelled' | undefined;
  /** Whether it was ever given a call. */
  wasCalled = false;
  /** Whether it was ended because the pool has more workers than it needs. */
  isDismissed = false;

  constructor(worker: ServiceWorker) {
    this.worker = worker;
  }

  get load(): number {
    return this.#calls.length;
  }

  /** What the calls that it has belong to; all of them to the same. */
  get group(): CallGroup | undefined {
    return this.#calls[0]?.group;
  }

  get isStopping(): boolean {
    return this.#stop !== undefined;
  }

  /** Whether it was ended because a call took too long. */
  get isOverdue(): boolean {
    return this.#stop === 'overdue';
  }

  /** Whether it was ended because nobody wants what it ran. */
  get isCancelled(): boolean {
    return this.#stop === 'cancelled';
  }

  /** Has the worker end; how it ended comes to its calls. */
  stop(reason: 'overdue' | 'cancelled'): void {
    if (this.#stop !== undefined) return;
    this.#stop = reason;
    this.worker.kill();
  }

  add(call: Call): void {
    if (this.#calls.length === 0) this.#runningSince = performance.now();
    this.#calls.push(call);
    this.wasCalled = true;
  }

  /** Takes off the first call, which was answered. @returns milliseconds that it ran */
  finish(): number {
    const now = performance.now();
    const duration = now - this.#runningSince;
    this.#calls.shift();
    this.#runningSince = now;
    return duration;
  }

  /** Milliseconds without a call; 0 while it has one. */
  idleFor(now: number): number {
    return this.#calls.length === 0 ? now - this.#runningSince : 0;
  }

  /** Milliseconds that the first call runs; 0 without one. */
  runningFor(now: number): number {
    return this.#calls.length === 0 ? 0 : now - this.#runningSince;
  }
}
