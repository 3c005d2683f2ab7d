import {
  type ServiceHost,
  ServiceLoadError,
  type ServiceWorker,
  WorkerEndedError,
} from '../../compute/index.js';
import type { PoolSize } from '../store/index.js';
import { CallCancelledError, type CallGroup } from './call-group.js';
import {
  ServiceBusyError,
  ServiceCrashedError,
  ServiceTimeoutError,
  ServiceUnavailableError,
} from './errors.js';
import { HostKeeper, type HostOptions } from './host-keeper.js';
import { type Call, WorkerSlot } from './worker-slot.js';
import { WorkerSlots } from './worker-slots.js';

/** Milliseconds before a worker that fails again and again is started anew. */
const FIRST_BACKOFF = 100;
const LAST_BACKOFF = 30_000;
/** Failures in a row after which calls are refused instead of kept waiting. */
const GIVE_UP_AFTER = 3;

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
  readonly #host: HostKeeper;
  readonly #slots = new WorkerSlots();
  readonly #queue: Call[] = [];
  /** Calls of groups, which run when the queue is empty. */
  readonly #background: Call[] = [];
  /** Those who may still send calls after the pool has been retired. */
  #holders = 0;
  readonly #watch: NodeJS.Timeout;
  #size: PoolSize;
  /** Workers that are being started. */
  #starting = 0;
  #failures = 0;
  #lastFailure = '';
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;
  #drained: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#size = options.size;
    this.#host = new HostKeeper(options);
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
    const host = await this.#host.get();
    this.#starting += 1;
    try {
      this.#adopt(await host.startWorker());
    } finally {
      this.#starting -= 1;
    }
    this.#fill();
    return host.report;
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
      } else if (this.#hasGivenUp() && this.#retry !== undefined) {
        reject(new ServiceUnavailableError(this.#label, this.#lastFailure));
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
      } else if (this.#hasGivenUp() && this.#retry !== undefined) {
        reject(new ServiceUnavailableError(this.#label, this.#lastFailure));
      } else {
        this.#background.push({ body, requestId, arrivedAt, isAbandoned, group, resolve, reject });
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
    for (let at = this.#background.length - 1; at >= 0; at -= 1) {
      const call = this.#background[at] as Call;
      if (call.group !== group) continue;
      this.#background.splice(at, 1);
      call.reject(new CallCancelledError());
    }
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
    clearTimeout(this.#retry);
    for (const call of this.#takeAll()) call.reject(this.#shuttingDown());
    this.#drained?.();
    await this.#host.close();
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
    return this.#slots.size === 0 && this.#failures >= GIVE_UP_AFTER;
  }

  #isIdle(): boolean {
    const waiting = this.#queue.length + this.#background.length;
    return waiting === 0 && this.#holders === 0 && this.#slots.isIdle;
  }

  #takeAll(): Call[] {
    return [...this.#queue.splice(0), ...this.#background.splice(0)];
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const slot = this.#slots.free(undefined);
      if (slot === undefined) return;
      const call = this.#queue.shift() as Call;
      if (!call.isAbandoned()) this.#send(slot, call);
    }
    for (let next = this.#background[0]; next?.group !== undefined; next = this.#background[0]) {
      const slot = this.#slots.freeForGroup(next.group);
      if (slot === undefined) break;
      this.#background.shift();
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
      this.#failures = 0;
      this.#slots.measured(duration);
      call.resolve(answer);
      if (this.#slots.size > this.#size.max) this.#dismissIdle();
      const isWanted = this.#queue.length > 0 || this.#background.length > 0;
      if (isWanted || this.#drained !== undefined) this.#dispatch();
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
    } else if (!error.begun && call.group !== undefined) {
      this.#background.unshift(call);
    } else if (!error.begun) {
      // Those behind it come in their order, each to the end of what was put back before it.
      const behind = this.#queue.findIndex((waiting) => waiting.arrivedAt > call.arrivedAt);
      this.#queue.splice(behind === -1 ? this.#queue.length : behind, 0, call);
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
        this.#startFailed(new Error('Its workers end before they serve.'));
      }
      this.#dispatch();
    });
    this.#dispatch();
  }

  /** Starts the workers that are missing: the initial ones, and as many more as calls wait for. */
  #fill(): void {
    if (this.#isClosed || this.#retry !== undefined) return;
    const { initial, max } = this.#size;
    const waiting = this.#queue.length + this.#background.length;
    const wanted = Math.max(initial, Math.min(max, this.#slots.size + waiting));
    while (this.#slots.size + this.#starting < wanted) {
      this.#starting += 1;
      this.#startWorker().then(
        (worker) => {
          this.#starting -= 1;
          if (this.#isClosed) worker.kill();
          else this.#adopt(worker);
        },
        (error: unknown) => {
          this.#starting -= 1;
          this.#startFailed(error as Error);
        },
      );
    }
  }

  async #startWorker(): Promise<ServiceWorker> {
    const host = await this.#host.get();
    return host.startWorker();
  }

  #startFailed(error: Error): void {
    if (this.#isClosed || this.#retry !== undefined) return;
    this.#failures += 1;
    this.#lastFailure =
      error instanceof ServiceLoadError
        ? error.message
        : 'Its workers cannot be started; the log of the server tells why.';
    const delay = Math.min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** (this.#failures - 1));
    this.#options.log.error(
      { err: error, service: this.#label, retryInMilliseconds: delay },
      'A worker of a service could not be started.',
    );
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      // Without hope it is left to the next call.
      if (!this.#hasGivenUp()) this.#fill();
    }, delay);
    this.#retry.unref();
    if (this.#hasGivenUp()) {
      for (const call of this.#takeAll()) {
        call.reject(new ServiceUnavailableError(this.#label, this.#lastFailure));
      }
    }
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
    while ((this.#queue[0]?.arrivedAt ?? now) < now - limit) {
      this.#queue.shift()?.reject(new ServiceBusyError(this.#label, this.#queue.length));
    }
  }
}
