import { describe, expect, it } from 'vitest';
import { interruptible } from '../../../kernel/cell/interruptible.js';
import { CellInterruptedError } from '../../../kernel/failure.js';

describe('what a user can interrupt', () => {
  const live = () => new AbortController().signal;

  it('ends as it does by itself when nobody interrupts', async () => {
    expect(await interruptible(Promise.resolve('done'), live())).toBe('done');
    await expect(interruptible(Promise.reject(new Error('no')), live())).rejects.toThrow('no');
  });

  it('ends at once when the user interrupts', async () => {
    const interrupt = new AbortController();
    const waiting = interruptible(new Promise<never>(() => undefined), interrupt.signal);
    interrupt.abort();
    await expect(waiting).rejects.toThrow(CellInterruptedError);
  });

  it('is interrupted before it begins, and its later failure ends nothing else', async () => {
    const { promise, reject } = Promise.withResolvers<never>();
    await expect(interruptible(promise, AbortSignal.abort())).rejects.toThrow(CellInterruptedError);
    // Were nobody left to hear of it, the test run would fail with an unhandled rejection.
    reject(new Error('later'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
