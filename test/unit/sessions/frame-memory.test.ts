import { describe, expect, it } from 'vitest';
import { FrameMemory, kept } from '../../../src/server/sessions/frame-memory.js';

const LARGE = 1024 * 1024;

describe('the memory of frames', () => {
  it('is given back when the last that needs a large frame has dropped it', () => {
    const memory = new FrameMemory();
    const frame = Buffer.alloc(LARGE, 1);
    memory.hold(frame);
    memory.hold(frame);
    memory.drop(frame);
    expect(frame.byteLength).toBe(LARGE);
    memory.drop(frame);
    expect(frame.byteLength).toBe(0);
  });

  it('stays with a frame that nobody has counted, and with a small one', () => {
    const memory = new FrameMemory();
    const [large, small] = [Buffer.alloc(LARGE, 1), Buffer.alloc(LARGE - 1, 1)];
    memory.drop(large);
    memory.hold(small);
    memory.drop(small);
    expect([large.byteLength, small.byteLength]).toEqual([LARGE, LARGE - 1]);
  });

  it('is not that of a part which somebody keeps', () => {
    const memory = new FrameMemory();
    const frame = Buffer.alloc(LARGE, 'a');
    const [view, copy] = [frame.subarray(3, 7), kept(frame.subarray(3, 7))];
    memory.hold(frame);
    memory.drop(frame);
    expect(view.byteLength).toBe(0);
    expect(Buffer.from(copy).toString()).toBe('aaaa');
  });

  it('is not copied for a part of a small frame', () => {
    const part = Buffer.alloc(100).subarray(1, 3);
    expect(kept(part)).toBe(part);
  });
});
