import { type ServiceHost, ServiceLoadError, type ServiceWorker } from '../../compute/index.js';
import { HostKeeper, type HostOptions } from './host-keeper.js';

/** Milliseconds before a worker that fails again and again is started anew. */
const FIRST_BACKOFF = 100;
const LAST_BACKOFF = 30_000;
/** Failures in a row after which there is no hope until somebody calls. */
const GIVE_UP_AFTER = 3;

export interface SupplyEvents {
  started(worker: ServiceWorker): void;
  /** Another try can be made, some time after a failure. */
  retry(): void;
  /** A start has failed, and with it all hope. */
  hopeless(): void;
}

/** Starts the workers of a service version, ever more slowly when they fail. */
export class WorkerSupply {
  readonly #options: HostOptions;
  readonly #host: HostKeeper;
  readonly #events: SupplyEvents;
  #starting = 0;
  #failures = 0;
  #lastFailure = '';
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: HostOptions, events: SupplyEvents) {
    this.#options = options;
    this.#host = new HostKeeper(options);
    this.#events = events;
  }

  /** Workers that are being started. */
  get starting(): number {
    return this.#starting;
  }

  /** Whether it waits before the next try. */
  get isWaiting(): boolean {
    return this.#retry !== undefined;
  }

  get isHopeless(): boolean {
    return this.#failures >= GIVE_UP_AFTER;
  }

  /** Why the last worker could not be started, for callers. */
  get lastFailure(): string {
    return this.#lastFailure;
  }

  /**
   * Restores the service and starts its first worker.
   * @returns what the host says of objects and packages
   * @throws {ServiceLoadError} when the service cannot be restored
   */
  async first(): Promise<ServiceHost['report']> {
    const host = await this.#host.get();
    this.#starting += 1;
    try {
      this.#events.started(await host.startWorker());
    } finally {
      this.#starting -= 1;
    }
    return host.report;
  }

  /** Starts another worker. */
  start(): void {
    this.#starting += 1;
    this.#startOne().then(
      (worker) => {
        this.#starting -= 1;
        if (this.#isClosed) worker.kill();
        else this.#events.started(worker);
      },
      (error: unknown) => {
        this.#starting -= 1;
        this.failed(error as Error);
      },
    );
  }

  /** A worker has answered: what went wrong before is over. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** A worker could not be started, or ended before it served. */
  failed(error: Error): void {
    if (this.#isClosed || this.#retry !== undefined) return;
    this.#failures += 1;
    this.#lastFailure =
      error instanceof ServiceLoadError
        ? error.message
        : 'Its workers cannot be started; the log of the server tells why.';
    const delay = Math.min(LAST_BACKOFF, FIRST_BACKOFF * 2 ** (this.#failures - 1));
    this.#options.log.error(
      { err: error, service: this.#options.definition.label, retryInMilliseconds: delay },
      'A worker of a service could not be started.',
    );
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#events.retry();
    }, delay);
    this.#retry.unref();
    if (this.isHopeless) this.#events.hopeless();
  }

  /** Ends all workers. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#host.close();
  }

  async #startOne(): Promise<ServiceWorker> {
    const host = await this.#host.get();
    return host.startWorker();
  }
}
