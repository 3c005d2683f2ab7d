import { describe, expect, it } from 'vitest';
import { forEachLimited } from '../../../src/server/store/concurrency.js';

describe('running tasks a few at a time', () => {
  it('gives the results in the order of the items', async () => {
    const results = await forEachLimited([3, 1, 2], 2, async (item) => {
      for (let turn = 0; turn < item; turn += 1) {
        await new Promise(setImmediate);
      }
      return item * 10;
    });
    expect(results).toEqual([30, 10, 20]);
  });

  it('never runs more than the limit', async () => {
    let running = 0;
    let most = 0;
    await forEachLimited(Array.from({ length: 20 }), 3, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
    });
    expect(most).toBe(3);
  });

  it('starts nothing after a failure and throws it when the running tasks have ended', async () => {
    const started: number[] = [];
    let ended = 0;
    const run = forEachLimited([0, 1, 2, 3, 4], 2, async (item) => {
      started.push(item);
      if (item === 0) {
        throw new Error('no');
      }
      await new Promise(setImmediate);
      ended += 1;
    });
    await expect(run).rejects.toThrow('no');
    expect(started).toEqual([0, 1]);
    expect(ended).toBe(1);
  });
});
