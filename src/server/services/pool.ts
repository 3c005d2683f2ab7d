import { type ServiceHost, type ServiceWorker, WorkerEndedError } from '../../compute/index.js';
import type { PoolSize } from '../store/index.js';
import { CallCancelledError, type CallGroup } from './call-group.js';
import { CallQueue } from './call-queue.js';
import {
  ServiceBusyError,
  ServiceCrashedError,
  ServiceTimeoutError,
  ServiceUnavailableError,
} from './errors.js';
import type { HostOptions } from './host-keeper.js';
import { type Call, WorkerSlot } from './worker-slot.js';
import { WorkerSlots } from './worker-slots.js';
import { WorkerSupply } from './worker-supply.js';

/** Bounds of the interval in which overdue calls are looked for, in milliseconds. */
const SHORTEST_WATCH = 20;
const LONGEST_WATCH = 1000;

export interface PoolOptions extends HostOptions {
  readonly size: PoolSize;
  /** Seconds after which a worker beyond the initial ones that has no call is ended. */
  readonly idleTime: number;
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
 * The warm workers of one service version. A worker that ends is replaced at once; the call that it
 * ran fails, those behind it run elsewhere, and no call waits longer than the time limit.
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #supply: WorkerSupply;
  readonly #slots = new WorkerSlots();
  readonly #queue = new CallQueue();
  /** Those who may still send calls after the pool has been retired. */
  #holders = 0;
  readonly #watch: NodeJS.Timeout;
  #size: PoolSize;
  #isClosed = false;
  #drained: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#size = options.size;
    this.#supply = new WorkerSupply(options, {
      started: (worker) => this.#adopt(worker),
      retry: () => {
        // Without hope it is left to the next call.
        if (!this.#hasGivenUp()) this.#fill();
      },
      hopeless: () => {
        if (this.#hasGivenUp()) this.#refuseAll();
      },
    });
    const limit = options.timeout * 1000;
    const interval = Math.min(LONGEST_WATCH, Math.max(SHORTEST_WATCH, limit / 20));
    this.#watch = setInterval(() => {
      this.#endOverdue();
      this.#dismissIdle();
    }, interval);
    this.#watch.unref();
  }

  /** Whether all workers are there that are kept ready. */
  get isReady(): boolean {
    return this.#slots.size >= this.#size.initial;
  }

  /** Workers that it has at most. */
  get most(): number {
    return this.#size.max;
  }

  /** Changes the number of workers. Those that are too many end when they have no call. */
  resize(size: PoolSize): void {
    this.#size = size;
    this.#dismissIdle();
    this.#fill();
  }

  get #label(): string {
    return this.#options.definition.label;
  }

  /**
   * Restores the service and starts its workers.
   * @returns what the host says of objects and packages, when the first worker is ready
   * @throws {ServiceLoadError} when the service cannot be restored
   */
  async start(): Promise<ServiceHost['report']> {
    const report = await this.#supply.first();
    this.#fill();
    return report;
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
      } else if (this.#hasGivenUp() && this.#supply.isWaiting) {
        reject(new ServiceUnavailableError(this.#label, this.#supply.lastFailure));
      } else {
        this.#queue.push(call);
        this.#fill();
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
      } else if (this.#hasGivenUp() && this.#supply.isWaiting) {
        reject(new ServiceUnavailableError(this.#label, this.#supply.lastFailure));
      } else {
        this.#queue.push({ body, requestId, arrivedAt, isAbandoned, group, resolve, reject });
        this.#fill();
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
    await this.#supply.close();
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

  #hasGivenUp(): boolean {
    return this.#slots.size === 0 && this.#supply.isHopeless;
  }

  #isIdle(): boolean {
    return this.#queue.total === 0 && this.#holders === 0 && this.#slots.isIdle;
  }

  /** Refuses all that wait, since no worker will come for them. */
  #refuseAll(): void {
    for (const call of this.#queue.takeAll()) {
      call.reject(new ServiceUnavailableError(this.#label, this.#supply.lastFailure));
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
      this.#supply.succeeded();
      this.#slots.measured(duration);
      call.resolve(answer);
      if (this.#slots.size > this.#size.max) this.#dismissIdle();
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

  #adopt(worker: ServiceWorker): void {
    const slot = new WorkerSlot(worker);
    this.#slots.add(slot);
    void worker.ended.then((end) => {
      this.#slots.delete(slot);
      if (this.#isClosed || slot.isDismissed) return;
      this.#options.log[slot.isCancelled ? 'debug' : 'warn'](
        { service: this.#label, pid: worker.pid, end, overdue: slot.isOverdue },
        'A worker of a service has ended.',
      );
      // One that ends without having had a call is likely to do so again.
      if (slot.wasCalled) {
        this.#fill();
      } else {
        this.#supply.failed(new Error('Its workers end before they serve.'));
      }
      this.#dispatch();
    });
    this.#dispatch();
  }

  /** Starts the workers that are missing: the initial ones, and as many more as calls wait for. */
  #fill(): void {
    if (this.#isClosed || this.#supply.isWaiting) return;
    const { initial, max } = this.#size;
    const wanted = Math.max(initial, Math.min(max, this.#slots.size + this.#queue.total));
    while (this.#slots.size + this.#supply.starting < wanted) this.#supply.start();
  }

  /** Ends workers without a call: those above the most at once, those above the initial later. */
  #dismissIdle(): void {
    const { initial, max } = this.#size;
    if (this.#slots.size <= initial) return;
    const now = performance.now();
    for (const slot of this.#slots) {
      if (this.#slots.size <= initial) return;
      const isUseless =
        this.#slots.size > max
          ? slot.load === 0
          : slot.idleFor(now) > this.#options.idleTime * 1000;
      if (!isUseless || slot.isOverdue) continue;
      slot.isDismissed = true;
      this.#slots.delete(slot);
      slot.worker.kill();
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
