import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DropLog } from '../../../kernel/drop-log.js';
import { BadSignatureError, MalformedMessageError } from '../../../src/jupyter/index.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the log of dropped messages', () => {
  const lines: string[] = [];
  const start = () => {
    lines.length = 0;
    return new DropLog((line) => lines.push(line), 1000);
  };

  it('tells of the first at once, and counts the others by cause', () => {
    const log = start();
    for (let index = 0; index < 100; index++) log.dropped(new MalformedMessageError('No frames.'));
    log.dropped(new BadSignatureError('Another key.'));
    expect(lines).toEqual(['A message was dropped: No frames.']);
    vi.advanceTimersByTime(1000);
    expect(lines.slice(1)).toEqual([
      '100 more messages were dropped: 99 MALFORMED_MESSAGE, 1 BAD_SIGNATURE.',
    ]);
  });

  it('writes a line per interval while it goes on', () => {
    const log = start();
    for (let index = 0; index < 50; index++) {
      log.dropped(new MalformedMessageError('No frames.'));
      vi.advanceTimersByTime(100);
    }
    expect(lines).toHaveLength(1 + 5);
  });

  it('tells of one at once again after an interval without any', () => {
    const log = start();
    log.dropped(new MalformedMessageError('First.'));
    vi.advanceTimersByTime(1000);
    log.dropped(new MalformedMessageError('Second.'));
    expect(lines).toEqual(['A message was dropped: First.', 'A message was dropped: Second.']);
  });

  it('leaves nothing out when it is closed, and can be closed twice', () => {
    const log = start();
    log.dropped(new MalformedMessageError('First.'));
    log.dropped(new MalformedMessageError('Second.'));
    log.close();
    log.close();
    expect(lines[1]).toBe('1 more messages were dropped: 1 MALFORMED_MESSAGE.');
    expect(vi.getTimerCount()).toBe(0);
  });
});
