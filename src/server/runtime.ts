import { ApiError } from './errors.js';

/** Thrown for the runtime R, which the API knows and this server does not have. */
export class RuntimeUnavailableError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'RUNTIME_UNAVAILABLE';
  override readonly name = 'RuntimeUnavailableError';

  /** @param isNamed whether the request asked for R, rather than for nothing, which means R */
  constructor(kind: 'session' | 'service', isNamed: boolean) {
    const reason = isNamed
      ? `The ${kind} is to run R`
      : `A ${kind} without a runtimeType is one of R in this API`;
    super(
      `R is not installed on this server. ${reason}: send "runtimeType": "Python" for Python. To run R, install R with its package IRkernel on a server whose software runs R; this version of Slipway runs Python alone.`,
    );
  }
}

/**
 * Checks that a session or a service is to be of Python. A request that names no runtime means R,
 * as R Server has it: its R clients leave it out, and their code must not be run as Python.
 * @throws {RuntimeUnavailableError} for R
 */
export function requirePython(
  runtimeType: 'R' | 'Python' | null | undefined,
  kind: 'session' | 'service',
): void {
  if (runtimeType !== 'Python') {
    throw new RuntimeUnavailableError(kind, runtimeType === 'R');
  }
}
