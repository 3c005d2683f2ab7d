import { CellInterruptedError } from '../failure.js';

/**
 * Waits for a promise, but no longer than until the user interrupts.
 * @throws {CellInterruptedError}
 */
export async function interruptible<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  const interrupt = () => reject(new CellInterruptedError());
  if (signal.aborted) interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    // Both are in the race in any case: whichever fails later then fails unheard.
    return await Promise.race([interrupted, promise]);
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}
