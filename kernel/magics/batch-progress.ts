import { setTimeout as delay } from 'node:timers/promises';
import {
  type BatchId,
  type BatchProgress,
  GatewayError,
  RequestTimeoutError,
  type RServerClient,
  ServerBusyError,
  ServerUnreachableError,
} from '../../src/client/index.js';
import type { Amount, Report } from './progress.js';

/** Milliseconds between two questions how far a batch is: short batches are asked for sooner. */
const FIRST_PAUSE = 50;
const LAST_PAUSE = 1000;
/** Milliseconds that the server may be away: a batch goes on when it has been started again. */
const PATIENCE = 60_000;

/**
 * Waits until a batch has come to its end, and reports how far it is.
 * @throws {ClientError} when the server cannot be asked for a minute.
 */
export async function untilEnded(
  client: RServerClient,
  batch: BatchId,
  signal: AbortSignal,
  report: Report,
): Promise<BatchProgress> {
  const begin = performance.now();
  let pause = FIRST_PAUSE;
  let answeredAt = begin;
  for (;;) {
    try {
      const progress = await client.batches.progress(batch, signal);
      answeredAt = performance.now();
      report(amountOf(progress, (answeredAt - begin) / 1000));
      if (progress.state === 'complete' || progress.state === 'failed') return progress;
    } catch (error) {
      if (!isPassing(error) || performance.now() - answeredAt > PATIENCE) throw error;
    }
    await delay(pause, undefined, { signal });
    pause = Math.min(LAST_PAUSE, pause * 1.5);
  }
}

/** How far a batch is after so many seconds, in words. */
export function amountOf({ state, completed, total }: BatchProgress, seconds: number): Amount {
  const done = total === 0 ? 1 : completed / total;
  const rows = `${completed.toLocaleString('en')} of ${total.toLocaleString('en')} rows`;
  if (state === 'pending') return { done, text: rows, pace: 'waits for its turn' };
  if (completed === 0 || seconds < 1) return { done, text: rows };
  const rate = completed / seconds;
  const speed = rate >= 10 ? Math.round(rate).toLocaleString('en') : rate.toFixed(1);
  const left = Math.ceil((total - completed) / rate);
  return { done, text: rows, pace: `${speed} rows/s · ${duration(left)} left` };
}

function duration(seconds: number): string {
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** Whether the server may answer again soon. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof ServerUnreachableError ||
    error instanceof RequestTimeoutError ||
    error instanceof GatewayError ||
    error instanceof ServerBusyError
  );
}
