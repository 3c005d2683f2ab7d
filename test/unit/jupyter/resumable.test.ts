import { describe, expect, it } from 'vitest';
import {
  ReceivedFrames,
  ResumeError,
  readLinkWord,
  SentFrames,
} from '../../../src/jupyter/index.js';

const frames = (...lengths: number[]) => lengths.map((length) => Buffer.alloc(length, length));

describe('frames that were sent', () => {
  it('are kept, in their order, until they are acknowledged', () => {
    const sent = new SentFrames();
    const [one, two, three] = frames(1, 2, 3) as [Buffer, Buffer, Buffer];
    for (const frame of [one, two, three]) sent.add(frame);
    expect(sent.bytes).toBe(6);
    sent.acknowledge(1);
    expect(sent.unacknowledged()).toEqual([two, three]);
    sent.acknowledge(3);
    expect(sent.unacknowledged()).toEqual([]);
    expect(sent.bytes).toBe(0);
  });

  it('keep their numbers over many acknowledgements', () => {
    const sent = new SentFrames();
    for (let number = 1; number <= 1000; number++) {
      sent.add(Buffer.from([number % 256]));
      if (number % 7 === 0) sent.acknowledge(number - 3);
    }
    expect(sent.unacknowledged().map((frame) => frame[0])).toEqual(
      [992, 993, 994, 995, 996, 997, 998, 999, 1000].map((number) => number % 256),
    );
  });

  it.each([-1, 0, 4, 1.5, Number.NaN])('cannot be acknowledged up to number %d', (received) => {
    const sent = new SentFrames();
    for (const frame of frames(1, 2, 3)) sent.add(frame);
    sent.acknowledge(1);
    expect(() => sent.acknowledge(received)).toThrow(ResumeError);
  });
});

describe('frames that were received', () => {
  it('are acknowledged after many small ones or one large one', () => {
    const received = new ReceivedFrames();
    const due = frames(...Array<number>(256).fill(1)).map((frame) => received.add(frame));
    expect(due.indexOf(true)).toBe(255);
    expect(received.acknowledge()).toBe(256);
    expect(received.isBehind).toBe(false);
    expect(received.add(Buffer.alloc(1))).toBe(false);
    expect(received.add(Buffer.alloc(300_000))).toBe(true);
    expect(received.isBehind).toBe(true);
    expect(received.number).toBe(258);
  });

  it('have the numbers that the other end tells, where some are left out', () => {
    const received = new ReceivedFrames();
    received.expect(100);
    for (const frame of frames(1, 1)) received.add(frame);
    expect(received.number).toBe(101);
  });
});

describe('words about the link', () => {
  it('are ignored when they are not known, so that later versions may say more', () => {
    expect(readLinkWord('{"type":"weather"}')).toBeUndefined();
    expect(readLinkWord('[1]')).toBeUndefined();
    expect(readLinkWord('<html>')).toBeUndefined();
  });
});
