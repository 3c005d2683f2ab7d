import type { Logger } from 'pino';
import { type Compute, ServiceLoadError, WorkerStartError } from '../../compute/index.js';
import type { ServerConfig } from '../config.js';
import type { Snapshots } from '../snapshots/index.js';
import type { PoolSize, ServiceRecord } from '../store/index.js';
import { ServiceNotLoadableError } from './errors.js';
import { type CallValidator, compileValidator } from './parameters.js';
import { WorkerPool } from './pool.js';

/** What services run with. */
export interface ServiceParts {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly compute: Compute;
  readonly snapshots: Snapshots;
}

/** Versions that a service runs with. */
export type Environment = Pick<ServiceRecord, 'python' | 'packages'>;

/** One version of a service that can be called. */
export class LiveService {
  readonly record: ServiceRecord;
  readonly pool: WorkerPool;
  /** Checks the body of a call. */
  readonly validate: CallValidator;
  readonly #log: Logger;

  /** Its workers start with the first call, or with {@link start}. */
  constructor(record: ServiceRecord, parts: ServiceParts, pool?: WorkerPool) {
    this.record = record;
    this.#log = parts.log;
    this.validate = compileValidator(record.inputs);
    this.pool = pool ?? createPool(record, parts);
  }

  /**
   * Restores the service in a clean process and starts its workers.
   * @throws {ServiceNotLoadableError} when it does not come to life
   */
  async start(): Promise<Environment> {
    try {
      const { python, packages } = await this.pool.start();
      return {
        python: String(python),
        packages: packages as Record<string, string>,
      };
    } catch (error) {
      await this.pool.close();
      if (error instanceof ServiceLoadError || error instanceof WorkerStartError) {
        throw new ServiceNotLoadableError(error.message, { cause: error });
      }
      throw error;
    }
  }

  /** Starts a service that was published earlier, and logs what is different from then. */
  async resume(): Promise<void> {
    const { record } = this;
    const service = `${record.name}/${record.version}`;
    const report = await this.pool.start();
    if (report.python !== record.python) {
      this.#log.warn(
        { service, published: record.python, now: report.python },
        'A service was published with another version of Python.',
      );
    }
    const now = report.packages as Record<string, string>;
    const changed = Object.entries(record.packages).filter(
      ([name, version]) => now[name] !== version,
    );
    if (changed.length > 0) {
      this.#log.warn(
        {
          service,
          packages: changed.map(([name, version]) => `${name} ${version} → ${now[name] ?? 'none'}`),
        },
        'A service was published with other versions of packages.',
      );
    }
  }

  /** The same workers under metadata that have changed. */
  withRecord(record: ServiceRecord, parts: ServiceParts): LiveService {
    return new LiveService(record, parts, this.pool);
  }
}

/** How many workers a service has: its own number, or that of all services. */
export function poolSize(record: ServiceRecord, config: ServerConfig): PoolSize {
  return record.pool ?? { initial: config.serviceWorkers, max: config.serviceWorkers };
}

function createPool(record: ServiceRecord, parts: ServiceParts): WorkerPool {
  const { config, compute, log, snapshots } = parts;
  const { tree } = record;
  return new WorkerPool({
    compute,
    log,
    definition: {
      label: `${record.name}/${record.version}`,
      code: record.code,
      initCode: record.initCode,
      inputs: record.inputs,
      outputs: record.outputs,
      outputFileNames: record.outputFileNames,
    },
    materialise: tree === null ? null : () => snapshots.materialise(tree),
    size: poolSize(record, config),
    idleTime: config.servicePools.idleTime,
    queueLimit: config.serviceQueue,
    timeout: config.serviceTimeout,
  });
}
