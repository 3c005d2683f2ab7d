import { describe, expect, it } from 'vitest';
import { amountOf } from '../../../kernel/magics/batch-progress.js';
import type { BatchProgress } from '../../../src/client/index.js';

const at = (completed: number, total: number, state: BatchProgress['state'] = 'inprogress') => ({
  state,
  completed,
  total,
});

describe('how far a batch is', () => {
  it.each([
    [at(0, 5, 'pending'), 3, 0, '0 of 5 rows', 'waits for its turn'],
    [at(0, 5), 3, 0, '0 of 5 rows', undefined],
    [at(2, 4), 0.5, 0.5, '2 of 4 rows', undefined],
    [at(2500, 10_000), 10, 0.25, '2,500 of 10,000 rows', '250 rows/s · 30 s left'],
    [at(10, 1000), 20, 0.01, '10 of 1,000 rows', '0.5 rows/s · 33 min left'],
    [at(1, 10_000), 10, 0.0001, '1 of 10,000 rows', '0.1 rows/s · 28 h left'],
    [at(0, 0, 'complete'), 0, 1, '0 of 0 rows', undefined],
  ] as const)('%o after %d s', (progress, seconds, done, text, pace) => {
    expect(amountOf(progress, seconds)).toEqual({ done, text, pace });
  });
});
