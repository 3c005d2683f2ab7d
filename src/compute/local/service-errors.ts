import type { ProcessEnd } from '../types.js';
import { describeEnd } from './child-process.js';

/**
 * Thrown when a service's snapshot or code cannot be loaded. The message is for its publisher and
 * says what to change.
 */
export class ServiceLoadError extends Error {
  readonly code = 'SERVICE_LOAD';
  override readonly name = 'ServiceLoadError';
}

/** Thrown when a worker could not be started though its service can be loaded; try again. */
export class WorkerStartError extends Error {
  readonly code = 'WORKER_START';
  override readonly name = 'WorkerStartError';
}

/** Thrown for a request whose worker ended before it answered. */
export class WorkerEndedError extends Error {
  readonly code = 'WORKER_ENDED';
  override readonly name = 'WorkerEndedError';

  constructor(
    /** How the worker's process ended. */
    readonly end: ProcessEnd,
    /** Whether the worker may have begun with the request; if not, another one can run it. */
    readonly begun: boolean,
  ) {
    super(`The worker ${describeEnd(end)} before it answered.`);
  }
}
