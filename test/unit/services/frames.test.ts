import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ControlDecoder, encodeControl } from '../../../src/compute/local/service-control.js';
import { encodeFrame, FrameDecoder } from '../../../src/compute/local/service-frames.js';

/** Cuts bytes at some places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.byteLength + 1)), bytes.byteLength];
  ends.sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe('frames of a worker', () => {
  it('are length, id and payload', () => {
    expect(Buffer.concat(encodeFrame(7, Buffer.from('ab'))).toString('hex')).toBe(
      '00000002000000076162',
    );
  });

  it('do not copy a large payload', () => {
    const payload = Buffer.alloc(100_000, 1);
    const [, second] = encodeFrame(1, payload);
    expect(second?.buffer).toBe(payload.buffer);
  });

  it('come whole and in order however the stream is cut', () => {
    const frames = fc.array(
      fc.record({ id: fc.nat(0xffffffff), payload: fc.uint8Array({ maxLength: 50 }) }),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(frames, fc.array(fc.nat()), (sent, places) => {
        const decoder = new FrameDecoder();
        const stream = Buffer.concat(sent.flatMap(({ id, payload }) => encodeFrame(id, payload)));
        const received = cut(stream, places).flatMap((chunk) => decoder.push(chunk));
        expect(received.map(({ id, payload }) => ({ id, payload: [...payload] }))).toEqual(
          sent.map(({ id, payload }) => ({ id, payload: [...payload] })),
        );
      }),
    );
  });
});

describe('the control channel', () => {
  const exited = { op: 'exited', worker: 'w1', pid: 5, signal: 'SIGKILL' } as const;

  it('takes messages out however the stream is cut', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.array(fc.nat()), (count, places) => {
        const decoder = new ControlDecoder();
        const stream = Buffer.concat(Array.from({ length: count }, () => encodeControl(exited)));
        const received = cut(stream, places).flatMap((chunk) => decoder.push(chunk));
        expect(received).toEqual(Array(count).fill(exited));
      }),
    );
  });

  it.each([
    ['an unknown message', encodeControl({ op: 'dance' })],
    ['a message without its fields', encodeControl({ op: 'exited' })],
    ['what is not JSON', Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from('{')])],
    ['an absurd length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ])('refuses %s', (_what, bytes) => {
    expect(() => new ControlDecoder().push(bytes)).toThrow('The process that hosts a service');
  });
});
