import type { ServiceHost, ServiceWorker } from '../../compute/index.js';
import type { PoolSize } from '../store/index.js';
import type { HostOptions } from './host-keeper.js';
import { WorkerSlot } from './worker-slot.js';
import { WorkerSlots } from './worker-slots.js';
import { WorkerSupply } from './worker-supply.js';

export interface PoolWorkersOptions extends HostOptions {
  readonly size: PoolSize;
  /** Seconds after which a worker beyond the initial ones that has no call is ended. */
  readonly idleTime: number;
}

/** The calls that workers are for. */
export interface PoolDemand {
  /** Calls that wait for a worker. */
  waiting(): number;
  /** There are other workers than before: one that can take calls, or one less. */
  changed(): void;
  /** No worker will come. */
  hopeless(): void;
}

/**
 * The workers of one service version: the initial ones always, more while calls wait for them. One
 * that ends is replaced at once.
 */
export class PoolWorkers {
  readonly slots = new WorkerSlots();
  readonly #options: PoolWorkersOptions;
  readonly #supply: WorkerSupply;
  readonly #demand: PoolDemand;
  #size: PoolSize;
  #isClosed = false;

  constructor(options: PoolWorkersOptions, demand: PoolDemand) {
    this.#options = options;
    this.#size = options.size;
    this.#demand = demand;
    this.#supply = new WorkerSupply(options, {
      started: (worker) => this.#adopt(worker),
      retry: () => {
        // Without hope it is left to the next call.
        if (!this.#hasGivenUp()) this.fill();
      },
      hopeless: () => {
        if (this.#hasGivenUp()) demand.hopeless();
      },
    });
  }

  /** Whether all workers are there that are kept ready. */
  get isReady(): boolean {
    return this.slots.size >= this.#size.initial;
  }

  /** Workers that there are at most. */
  get most(): number {
    return this.#size.max;
  }

  /** Whether no worker is there, and none will be started before some time has passed. */
  get isHopeless(): boolean {
    return this.#hasGivenUp() && this.#supply.isWaiting;
  }

  /** Why the last worker could not be started, for callers. */
  get lastFailure(): string {
    return this.#supply.lastFailure;
  }

  /**
   * Restores the service and starts its workers.
   * @returns what the host says of objects and packages, when the first worker is ready
   * @throws {ServiceLoadError} when the service cannot be restored
   */
  async start(): Promise<ServiceHost['report']> {
    const report = await this.#supply.first();
    this.fill();
    return report;
  }

  /** Changes the number of workers. Those that are too many end when they have no call. */
  resize(size: PoolSize): void {
    this.#size = size;
    this.dismissIdle();
    this.fill();
  }

  /** A worker has answered a call, which took so many milliseconds. */
  answered(duration: number): void {
    this.#supply.succeeded();
    this.slots.measured(duration);
    if (this.slots.size > this.#size.max) this.dismissIdle();
  }

  /** Starts the workers that are missing: the initial ones, and as many more as calls wait for. */
  fill(): void {
    if (this.#isClosed || this.#supply.isWaiting) return;
    const { initial, max } = this.#size;
    const wanted = Math.max(initial, Math.min(max, this.slots.size + this.#demand.waiting()));
    while (this.slots.size + this.#supply.starting < wanted) this.#supply.start();
  }

  /** Ends workers without a call: those above the most at once, those above the initial later. */
  dismissIdle(): void {
    const { initial, max } = this.#size;
    if (this.slots.size <= initial) return;
    const now = performance.now();
    for (const slot of this.slots) {
      if (this.slots.size <= initial) return;
      const isUseless =
        this.slots.size > max ? slot.load === 0 : slot.idleFor(now) > this.#options.idleTime * 1000;
      if (!isUseless || slot.isOverdue) continue;
      slot.isDismissed = true;
      this.slots.delete(slot);
      slot.worker.kill();
    }
  }

  /** Ends all workers. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#supply.close();
  }

  #hasGivenUp(): boolean {
    return this.slots.size === 0 && this.#supply.isHopeless;
  }

  #adopt(worker: ServiceWorker): void {
    const slot = new WorkerSlot(worker);
    this.slots.add(slot);
    void worker.ended.then((end) => {
      this.slots.delete(slot);
      if (this.#isClosed || slot.isDismissed) return;
      this.#options.log[slot.isCancelled ? 'debug' : 'warn'](
        {
          service: this.#options.definition.label,
          pid: worker.pid,
          end,
          overdue: slot.isOverdue,
        },
        'A worker of a service has ended.',
      );
      // One that ends without having had a call is likely to do so again.
      if (slot.wasCalled) {
        this.fill();
      } else {
        this.#supply.failed(new Error('Its workers end before they serve.'));
      }
      this.#demand.changed();
    });
    this.#demand.changed();
  }
}
