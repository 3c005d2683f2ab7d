import { describe, expect, it, vi } from 'vitest';
import {
  codePointsBefore,
  mergeCompletions,
  offsetOf,
  RecentList,
  readCompleteReply,
} from '../../../kernel/completion/index.js';

const item = (text: string, type = '') => ({ text, type });

describe('positions', () => {
  it('count code points on the wire and UTF-16 units inside', () => {
    expect(offsetOf('a😀b', 2)).toBe(3);
    expect(codePointsBefore('a😀b', 3)).toBe(2);
    expect(offsetOf('ab', 99)).toBe(2);
  });
});

describe('two completions of one place', () => {
  it('become one that begins where the earlier does', () => {
    const first = { start: 4, end: 8, items: [item('%publish', 'magic')] };
    const second = { start: 5, end: 8, items: [item('publish'), item('pushd', 'magic')] };
    expect(mergeCompletions('x = %pub', first, second)).toEqual({
      start: 4,
      end: 8,
      items: [item('%publish', 'magic'), item('%pushd', 'magic')],
    });
  });
});

describe('a reply of the session', () => {
  it('is read with the types of its matches', () => {
    const content = {
      status: 'ok',
      matches: ['predict', 'print'],
      cursor_start: 1,
      cursor_end: 2,
      metadata: { _jupyter_types_experimental: [{ text: 'print', type: 'function' }] },
    };
    expect(readCompleteReply('😀p', content)).toEqual({
      start: 2,
      end: 3,
      items: [item('predict'), item('print', 'function')],
    });
  });

  it('is nothing when it reports an error or is none', () => {
    expect(readCompleteReply('', { status: 'error' })).toBeUndefined();
    expect(readCompleteReply('', { status: 'ok', matches: 'x' })).toBeUndefined();
  });
});

describe('a list that completion fetches', () => {
  it('is fetched once for many who ask at a time, and kept for a moment', async () => {
    const fetch = vi.fn(async () => ['a']);
    const list = new RecentList(fetch, () => undefined);
    expect(await Promise.all([list.items(), list.items()])).toEqual([['a'], ['a']]);
    await list.items();
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it('keeps nobody waiting: what is known has to do, and what comes late is there next time', async () => {
    vi.useFakeTimers();
    try {
      const late = Promise.withResolvers<string[]>();
      const list = new RecentList(
        () => late.promise,
        () => undefined,
      );
      const asked = list.items();
      await vi.advanceTimersByTimeAsync(250);
      expect(await asked).toEqual([]);
      late.resolve(['late']);
      await vi.advanceTimersByTimeAsync(0);
      expect(await list.items()).toEqual(['late']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('tells of a failure and gives what it had', async () => {
    const problems: string[] = [];
    const list = new RecentList<string>(
      () => Promise.reject(new Error('down')),
      (error) => problems.push(error.message),
    );
    expect(await list.items()).toEqual([]);
    expect(problems).toEqual(['down']);
  });
});
