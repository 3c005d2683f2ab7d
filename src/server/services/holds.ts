import type { ServiceRecord } from '../store/index.js';
import type { CallGroup } from './call-group.js';
import { ServiceUnavailableError } from './errors.js';
import { LiveService, type ServiceParts } from './live-service.js';
import type { CallValidator } from './parameters.js';

/**
 * A version of a service as it is now, for whoever calls it for a longer time: it stays callable
 * when the version is changed or deleted meanwhile.
 */
export interface ServiceHold {
  readonly record: ServiceRecord;
  /** Checks the body of a call. */
  readonly validate: CallValidator;
  /** Workers that it has at most. */
  readonly workers: number;
  /**
   * Runs a call when no other call of the service waits.
   * @throws {CallCancelledError} {ServiceUnavailableError} {ServiceCrashedError}
   *   {ServiceTimeoutError}
   */
  call(body: Uint8Array, requestId: string, group: CallGroup): Promise<Buffer>;
  /** Ends the calls of a group, those that run with their workers. */
  cancel(group: CallGroup): void;
  /** Lets the service go. Idempotent. */
  release(): void;
}

/** Holds a service with its pool. */
export function holdOf(live: LiveService, onRelease: () => void = () => undefined): ServiceHold {
  const { record, validate, pool } = live;
  const release = pool.hold();
  let isHeld = true;
  return {
    record,
    validate,
    workers: pool.most,
    call: (body, requestId, group) => pool.callInBackground(body, requestId, group),
    cancel: (group) => pool.cancel(group),
    release() {
      if (!isHeld) return;
      isHeld = false;
      release();
      onRelease();
    },
  };
}

/** Services as they once were, which only those who hold them can call. */
export class FormerServices {
  readonly #parts: ServiceParts;
  readonly #live = new Map<string, { readonly service: LiveService; holders: number }>();
  /** Pools that nobody holds any more, until their workers have ended. */
  readonly #closing = new Set<Promise<void>>();
  #isClosed = false;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /**
   * Holds a service by what it was; its workers start with the first call.
   * @throws {ServiceUnavailableError} after {@link close}
   */
  hold(record: ServiceRecord): ServiceHold {
    const { name, version } = record;
    if (this.#isClosed) {
      throw new ServiceUnavailableError(`${name}/${version}`, 'The server is shutting down.');
    }
    // Two services may run the same, and each tells of itself by its own name.
    const key = JSON.stringify([name, version, whatRuns(record)]);
    const entry = this.#live.get(key) ?? {
      service: new LiveService(record, this.#parts),
      holders: 0,
    };
    this.#live.set(key, entry);
    entry.holders += 1;
    return holdOf(entry.service, () => {
      entry.holders -= 1;
      if (entry.holders > 0) return;
      this.#live.delete(key);
      this.#end(entry.service);
    });
  }

  /** Those that somebody holds. */
  *all(): Generator<LiveService, void> {
    for (const { service } of this.#live.values()) yield service;
  }

  /** Ends the workers of all, also of those that were let go before. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { service } of this.#live.values()) this.#end(service);
    this.#live.clear();
    await Promise.all(this.#closing);
  }

  #end({ pool }: LiveService): void {
    const closing = pool
      .close()
      .catch((error: unknown) => {
        this.#parts.log.error({ err: error }, 'The workers of a service could not be ended.');
      })
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

/** Whether workers of one record can answer for the other. */
export function runsTheSame(one: ServiceRecord, other: ServiceRecord): boolean {
  return whatRuns(one) === whatRuns(other);
}

function whatRuns({ code, initCode, inputs, outputs, outputFileNames, tree }: ServiceRecord) {
  return JSON.stringify([code, initCode, inputs, outputs, outputFileNames, tree]);
}
