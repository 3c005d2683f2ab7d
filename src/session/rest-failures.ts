import {
  ClientError,
  GatewayError,
  NotAnRServerError,
  NotFoundError,
  RequestTimeoutError,
  ServerUnreachableError,
  SessionGoneError,
} from '../client/index.js';
import type { LinkEnd } from './link.js';

/** Thrown when it is not known what became of a request that the session had. */
export class RequestLostError extends Error {
  readonly code = 'REQUEST_LOST';
  override readonly name = 'RequestLostError';

  /** @param cut the failure of the request. @param cause why its end cannot be learnt. */
  constructor(cut: ClientError, cause: unknown) {
    super(`${cut.message} The cell may have run, in whole or in part; it is not run again.`, {
      cause,
    });
  }
}

/** Whether a call failed because there is no such session, or no more. */
export function isSessionGone(error: unknown): error is NotFoundError | SessionGoneError {
  return error instanceof NotFoundError || error instanceof SessionGoneError;
}

/** Whether a failure is that of the way to a session which may run on: a proxy's, or the network's. */
export function mayStillRun(error: unknown): error is ClientError {
  if (error instanceof ServerUnreachableError) return !error.neverSent;
  return (
    error instanceof GatewayError ||
    error instanceof RequestTimeoutError ||
    // Some proxies give up with a page of their own and another status.
    error instanceof NotAnRServerError
  );
}

/** Whether nothing listens where the server was. */
export function isRefused(error: unknown): boolean {
  return error instanceof ServerUnreachableError && error.neverSent;
}

/** What a failure of a call means for the link. */
export function endAfter(error: unknown): LinkEnd {
  const message = error instanceof Error ? error.message : String(error);
  if (isSessionGone(error)) return { reason: 'session-ended', message };
  const isKnown = error instanceof ClientError || error instanceof RequestLostError;
  return {
    reason: 'lost',
    message: isKnown ? message : `The session gave no proper answer: ${message}`,
  };
}
