import { type ServiceHost, WorkerEndedError } from '../../compute/index.js';
import type { PoolSize } from '../store/index.js';
import { CallCancelledError, type CallGroup } from './call-group.js';
import { CallQueue } from './call-queue.js';
import {
  ServiceBusyError,
  ServiceCrashedError,
  ServiceTimeoutError,
  ServiceUnavailableError,
} from './errors.js';
import { PoolWorkers, type PoolWorkersOptions } from './pool-workers.js';
import type { Call, WorkerSlot } from './worker-slot.js';
import type { WorkerSlots } from './worker-slots.js';

/** Bounds of the interval in which overdue calls are looked for, in milliseconds. */
const SHORTEST_WATCH = 20;
const LONGEST_WATCH = 1000;

export interface PoolOptions extends PoolWorkersOptions {
  /** Calls that may wait for a worker. */
  readonly queueLimit: number;
  /** Seconds until a call is given up. */
  readonly timeout: number;
}

/** What a pool does at the moment. */
export interface PoolLoad {
  readonly workers: number;
  readonly running: number;
  readonly waiting: number;
}

/**
 * Answers the calls of one service version by its warm workers. Where a worker ends, the call that
 * it ran fails, those behind it run elsewhere, and no call waits longer than the time limit.
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #workers: PoolWorkers;
  readonly #slots: WorkerSlots;
  readonly #queue = new CallQueue();
  /** Those who may still send calls after the pool has been retired. */
  #holders = 0;
  readonly #watch: NodeJS.Timeout;
  #isClosed = false;
  #drained: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#workers = new PoolWorkers(options, {
      waiting: () => this.#queue.total,
      changed: () => this.#dispatch(),
      hopeless: () => this.#refuseAll(),
    });
    this.#slots = this.#workers.slots;
    const limit = options.timeout * 1000;
    const interval = Math.min(LONGEST_WATCH, Math.max(SHORTEST_WATCH, limit / 20));
    this.#watch = setInterval(() => {
      this.#endOverdue();
      this.#workers.dismissIdle();
    }, interval);
    this.#watch.unref();
  }

  /** Whether all workers are there that are kept ready. */
  get isReady(): boolean {
    return this.#workers.isReady;
  }

  /** Workers that it has at most. */
  get most(): number {
    return this.#workers.most;
  }

  /** Changes the number of workers. Those that are too many end when they have no call. */
  resize(size: PoolSize): void {
    this.#workers.resize(size);
  }

  get #label(): string {
    return this.#options.definition.label;
  }

  /**
   * Restores the service and starts its workers.
   * @returns what the host says of objects and packages, when the first worker is ready
   * @throws {ServiceLoadError} when the service cannot be restored
   */
  start(): Promise<ServiceHost['report']> {
    return this.#workers.start();
  }

  /**
   * Runs a call.
   * @throws {ServiceBusyError} {ServiceUnavailableError} {ServiceCrashedError} {ServiceTimeoutError}
   */
  call(body: Uint8Array, requestId: string, isAbandoned: () => boolean): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(this.#shuttingDown());
        return;
      }
      const arrivedAt = performance.now();
      const group = undefined;
      const call: Call = { body, requestId, arrivedAt, isAbandoned, group, resolve, reject };
      const slot = this.#queue.length === 0 ? this.#slots.free(group) : undefined;
      if (slot !== undefined) {
        this.#send(slot, call);
      } else if (this.#queue.length >= this.#options.queueLimit) {
        reject(new ServiceBusyError(this.#label, this.#queue.length));
      } else if (this.#workers.isHopeless) {
        reject(new ServiceUnavailableError(this.#label, this.#workers.lastFailure));
      } else {
        this.#queue.push(call);
        this.#workers.fill();
      }
    });
  }

  /**
   * Runs a call of a group when no other call waits. It waits for a worker as long as it must; its
   * sender limits how many there are.
   * @throws {CallCancelledError} {ServiceUnavailableError} {ServiceCrashedError}
   *   {ServiceTimeoutError}
   */
  callInBackground(body: Uint8Array, requestId: string, group: CallGroup): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const isAbandoned = () => group.isCancelled;
      const arrivedAt = performance.now();
      if (isAbandoned()) {
        reject(new CallCancelledError());
      } else if (this.#isClosed) {
        reject(this.#shuttingDown());
      } else if (this.#workers.isHopeless) {
        reject(new ServiceUnavailableError(this.#label, this.#workers.lastFailure));
      } else {
        this.#queue.push({ body, requestId, arrivedAt, isAbandoned, group, resolve, reject });
        this.#workers.fill();
        this.#dispatch();
      }
    });
  }

  /** Ends the calls of a group, those that run with their workers. */
  cancel(group: CallGroup): void {
    group.isCancelled = true;
    for (const slot of this.#slots) {
      if (slot.group === group) slot.stop('cancelled');
    }
    this.#queue.cancel(group);
    this.#dispatch();
  }

  /**
   * Keeps the pool from closing when it is retired.
   * @returns lets it go, once
   */
  hold(): () => void {
    this.#holders += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holders -= 1;
      if (!this.#isClosed) this.#dispatch();
    };
  }

  /** Answers the calls that it has, then closes when nobody holds it. The caller sends no more. */
  async retire(): Promise<void> {
    if (!this.#isIdle()) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    await this.close();
  }

  /** Ends all workers; calls that have no answer fail. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#watch);
    for (const call of this.#queue.takeAll()) call.reject(this.#shuttingDown());
    this.#drained?.();
    await this.#workers.close();
  }

  #shuttingDown(): ServiceUnavailableError {
    const reason = 'The server is shutting down; call again when it is back.';
    return new ServiceUnavailableError(this.#label, reason);
  }

  /** How many workers there are, and how many calls they have and wait for one. */
  load(): PoolLoad {
    let running = 0;
    for (const slot of this.#slots) running += slot.load;
    return { workers: this.#slots.size, running, waiting: this.#queue.length };
  }

  #isIdle(): boolean {
    return this.#queue.total === 0 && this.#holders === 0 && this.#slots.isIdle;
  }

  /** Refuses all that wait, since no worker will come for them. */
  #refuseAll(): void {
    for (const call of this.#queue.takeAll()) {
      call.reject(new ServiceUnavailableError(this.#label, this.#workers.lastFailure));
    }
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const slot = this.#slots.free(undefined);
      if (slot === undefined) return;
      const call = this.#queue.shift() as Call;
      if (!call.isAbandoned()) this.#send(slot, call);
    }
    for (
      let next = this.#queue.background;
      next?.group !== undefined;
      next = this.#queue.background
    ) {
      const slot = this.#slots.freeForGroup(next.group);
      if (slot === undefined) break;
      this.#queue.shiftBackground();
      this.#send(slot, next);
    }
    if (this.#drained !== undefined && this.#isIdle()) this.#drained();
  }

  #send(slot: WorkerSlot, call: Call): void {
    slot.add(call);
    slot.worker.send(call.body, (error, answer) => {
      const duration = slot.finish();
      if (error !== null) {
        this.#fail(slot, call, error);
        return;
      }
      call.resolve(answer);
      this.#workers.answered(duration);
      if (this.#queue.total > 0 || this.#drained !== undefined) this.#dispatch();
    });
  }

  /** A call's worker has ended without an answer to it. */
  #fail(slot: WorkerSlot, call: Call, error: Error): void {
    this.#slots.delete(slot);
    if (!(error instanceof WorkerEndedError)) {
      call.reject(error);
    } else if (this.#isClosed) {
      call.reject(this.#shuttingDown());
    } else if (call.group?.isCancelled) {
      call.reject(new CallCancelledError());
    } else if (!error.begun) {
      this.#queue.putBack(call);
    } else if (slot.isOverdue) {
      const { timeout } = this.#options;
      call.reject(new ServiceTimeoutError(this.#label, call.requestId, timeout));
    } else {
      call.reject(new ServiceCrashedError(this.#label, call.requestId, error.end));
    }
  }

  #endOverdue(): void {
    const now = performance.now();
    const limit = this.#options.timeout * 1000;
    for (const slot of this.#slots) {
      if (slot.runningFor(now) > limit) slot.stop('overdue');
    }
    for (
      let call = this.#queue.shiftBefore(now - limit);
      call !== undefined;
      call = this.#queue.shiftBefore(now - limit)
    ) {
      call.reject(new ServiceBusyError(this.#label, this.#queue.length));
    }
  }
}
