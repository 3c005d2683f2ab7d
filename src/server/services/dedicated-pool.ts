import type { ServerConfig } from '../config.js';
import type { PoolSize } from '../store/index.js';
import { InvalidPoolError } from './errors.js';

/** What a request says of the size of a service's own pool. */
export interface AskedPool {
  readonly initial?: number | undefined;
  readonly max?: number | undefined;
}

/**
 * The size of a service's own pool. A number that is not given stays as it is, and gives way to the
 * one that is.
 * @param before the size until now
 * @throws {InvalidPoolError}
 */
export function choosePool(asked: AskedPool, before: PoolSize, config: ServerConfig): PoolSize {
  const initial = asked.initial ?? Math.min(before.initial, asked.max ?? before.initial);
  const max = asked.max ?? Math.max(before.max, initial, 1);
  const limit = config.servicePools.maxSize;
  if (initial < 0 || max < 1 || initial > max) {
    throw new InvalidPoolError(
      `A pool cannot have an InitialPoolSize of ${initial} and a MaxPoolSize of ${max}. InitialPoolSize must be 0 or more, and MaxPoolSize at least 1 and not less than InitialPoolSize.`,
    );
  }
  if (max > limit) {
    throw new InvalidPoolError(
      `A MaxPoolSize of ${max} is more than this server allows. Ask for ${limit} or less, or have the limit raised (servicePools.maxSize).`,
    );
  }
  return { initial, max };
}
