import { setTimeout as delay } from 'node:timers/promises';
import { LinkOpenError } from './errors.js';

/**
 * Milliseconds during which a cut connection is tried again: a session's lease, by default. A server
 * that is started again is back within that time.
 */
const LIMIT = 60_000;
/** Milliseconds between tries: the first comes at once, then twice as long each time. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 2000;

/**
 * Tries to connect until it works.
 * @throws {LinkOpenError} of the last try when the time is up or trying again is of no use.
 * @throws what `open` throws otherwise, such as a refused login.
 */
export async function reopen<T>(open: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const begin = Date.now();
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      return await open();
    } catch (error) {
      const isFinal = !isPassing(error) || signal.aborted;
      if (isFinal || Date.now() - begin + pause > LIMIT) throw error;
    }
    await delay(pause, undefined, { signal });
  }
}

/** Codes of the client's failures that may pass, when a token is asked for on the way. */
const PASSING = ['SERVER_UNREACHABLE', 'REQUEST_TIMEOUT', 'SERVER_BUSY', 'GATEWAY'];

/** Close codes of a server that goes away, of a broken connection, and of one to try again later. */
const PASSING_CODES: ReadonlySet<number> = new Set([1001, 1006, 1012, 1013]);

/** Whether a failure may pass: no answer, or one of a proxy or server that is not ready. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof LinkOpenError)) return PASSING.some((code) => hasCode(error, code));
  const { status } = error;
  return status === undefined || (status >= 500 && status < 600) || PASSING_CODES.has(status);
}

/** Whether nothing listens where the server should be. */
export function isRefused(error: unknown): boolean {
  return error instanceof Error && (hasCode(error.cause, 'ECONNREFUSED') || isRefused(error.cause));
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === code;
}
