import type { Logger } from 'pino';
import type { Compute, ServiceDefinition, ServiceHost } from '../../compute/index.js';
import type { MaterialisedSnapshot } from '../snapshots/index.js';

export interface HostOptions {
  readonly compute: Compute;
  readonly log: Logger;
  readonly definition: Omit<ServiceDefinition, 'snapshotDirectory'>;
  /** Builds the directory of the service's snapshot; null for a service without. */
  readonly materialise: (() => Promise<MaterialisedSnapshot>) | null;
}

/** Keeps the process that a service's workers come from, and starts it again when it has died. */
export class HostKeeper {
  readonly #options: HostOptions;
  #host: Promise<ServiceHost> | undefined;
  /** Stays as long as the host may be started again. */
  #snapshot: MaterialisedSnapshot | undefined;
  #isClosed = false;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** The running host, or a new one. @throws {ServiceLoadError} when it cannot be restored */
  get(): Promise<ServiceHost> {
    this.#host ??= this.#start();
    return this.#host;
  }

  /** Ends the host with all workers. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // A host that could not be started leaves nothing behind.
    const host = await this.#host?.catch(() => undefined);
    await host?.close();
    await this.#snapshot?.release();
    this.#snapshot = undefined;
  }

  async #start(): Promise<ServiceHost> {
    const { compute, definition, materialise, log } = this.#options;
    try {
      this.#snapshot ??= await materialise?.();
      const host = await compute.startService({
        ...definition,
        snapshotDirectory: this.#snapshot?.directory ?? null,
      });
      void host.ended.then((end) => {
        this.#host = undefined;
        if (this.#isClosed) return;
        log.error({ service: definition.label, end }, 'The host of a service has ended.');
        // Its directories are still there.
        host.close().catch((error: unknown) => {
          log.warn({ err: error, service: definition.label }, 'A directory was left behind.');
        });
      });
      return host;
    } catch (error) {
      this.#host = undefined;
      throw error;
    }
  }
}
