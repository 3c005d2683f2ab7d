import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BadSignatureError,
  type Channel,
  decodeWebSocketFrame,
  decodeZmqFrames,
  encodeWebSocketFrame,
  encodeZmqFrames,
  MalformedMessageError,
  Signer,
  UnknownSignatureSchemeError,
  type WireMessage,
} from '../../../src/jupyter/index.js';

const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array));
const wireMessage: fc.Arbitrary<WireMessage> = fc.record({
  header: bytes,
  parentHeader: bytes,
  metadata: bytes,
  content: bytes,
  buffers: fc.array(bytes, { maxLength: 3 }),
});
const channel = fc.constantFrom<Channel>('shell', 'control', 'stdin', 'iopub');
const signer = new Signer('a key');

describe('the frames of a ZeroMQ message', () => {
  it('come back as they were, identities included', () => {
    // An identity is no delimiter: clients choose theirs, and none is `<IDS|MSG>`.
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 3 }), wireMessage, (identities, message) => {
        const decoded = decodeZmqFrames(encodeZmqFrames(identities, message, signer), signer);
        expect(decoded.identities).toEqual(identities);
        expect(decoded.message).toEqual(message);
      }),
    );
  });

  it('are refused when one byte of the signed part has changed', () => {
    fc.assert(
      fc.property(wireMessage, fc.nat(), fc.integer({ min: 1, max: 255 }), (message, at, bit) => {
        const frames = encodeZmqFrames([], message, signer).map((frame) => Buffer.from(frame));
        const signed = frames.slice(1, 6).filter((frame) => frame.length > 0);
        const frame = signed[at % signed.length] as Buffer;
        const index = at % frame.length;
        frame[index] = (frame[index] as number) ^ bit;
        expect(() => decodeZmqFrames(frames, signer)).toThrow(BadSignatureError);
      }),
    );
  });

  it('are not signed over the buffers', () => {
    const message = { header: h('{}'), parentHeader: h('{}'), metadata: h('{}'), content: h('{}') };
    const frames = encodeZmqFrames([], { ...message, buffers: [h('one')] }, signer);
    frames[6] = h('two');
    expect(decodeZmqFrames(frames, signer).message.buffers).toEqual([h('two')]);
  });

  it('are refused when they are not a message at all', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 8 }), (frames) => {
        expect(() => decodeZmqFrames(frames, signer)).toThrow(MalformedMessageError);
        const delimited = [...frames.slice(0, 4), h('<IDS|MSG>'), ...frames.slice(0, 4)];
        expect(() => decodeZmqFrames(delimited, signer)).toThrow(MalformedMessageError);
      }),
    );
  });
});

describe('a signature', () => {
  it('is the HMAC that jupyter_client computes', () => {
    const dicts = [h('{"a":1}'), h('{}'), h('{}'), h('{"code":"1"}')];
    // python: hmac.new(b"a key", b'{"a":1}{}{}{"code":"1"}', "sha256").hexdigest()
    expect(Buffer.from(signer.sign(dicts)).toString()).toBe(
      '4f522ed8cbc589850189db212c05683a7bf7c630831c991dea6fc25b3df63b98',
    );
  });

  it('is empty without a key, and then everything passes', () => {
    const unsigned = new Signer('');
    expect(unsigned.sign([h('x')]).byteLength).toBe(0);
    expect(unsigned.verify(h('anything'), [h('x')])).toBe(true);
  });

  it('of a scheme that nobody knows is refused at the start', () => {
    for (const scheme of ['hmac-nonsense', 'sha256', '']) {
      expect(() => new Signer('key', scheme)).toThrow(UnknownSignatureSchemeError);
    }
  });
});

describe('a WebSocket frame', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(channel, wireMessage, (name, message) => {
        const decoded = decodeWebSocketFrame(encodeWebSocketFrame(name, message));
        expect(decoded).toEqual({ channel: name, message });
      }),
    );
  });

  it('that is cut short, lengthened or garbled is refused or read, but breaks nothing', () => {
    fc.assert(
      fc.property(
        channel,
        wireMessage,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
        fc.nat(),
        (name, message, changes, cut) => {
          const frame = encodeWebSocketFrame(name, message);
          for (const [at, value] of changes) frame[at % frame.length] = value;
          const garbled = frame.subarray(0, cut % (frame.length + 1));
          try {
            const { message: read } = decodeWebSocketFrame(garbled);
            expect(read.content.byteLength).toBeLessThanOrEqual(garbled.byteLength);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessageError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('that announces more parts than it has room for is refused', () => {
    const frame = Buffer.alloc(8);
    frame.writeUInt32LE(0xffff_ffff, 0);
    frame.writeUInt32LE(0xffff_ffff, 4);
    expect(() => decodeWebSocketFrame(frame)).toThrow(MalformedMessageError);
  });
});

function h(text: string): Buffer {
  return Buffer.from(text);
}
