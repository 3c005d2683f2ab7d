import { describe, expect, it } from 'vitest';
import {
  messageHead,
  RecordReader,
  type SessionWord,
  wordRecord,
} from '../../../src/server/sessions/wire-records.js';

/** A record as a session writes it. */
function record(kind: 'M' | 'J', payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(payload.byteLength, 0);
  head.write(kind, 4);
  return Buffer.concat([head, payload]);
}

function message(number: number, frame: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return record('M', Buffer.concat([bytes, Buffer.from(frame)]));
}

const received: SessionWord = { type: 'received', links: { a: 3 } };
const stream = Buffer.concat([
  message(1, 'one'),
  record('J', Buffer.from(JSON.stringify(received))),
  message(2, ''),
  message(2 ** 40, 'x'.repeat(5000)),
]);

function read(chunks: readonly Buffer[]): unknown[] {
  const seen: unknown[] = [];
  const reader = new RecordReader({
    message: (number, frame) => seen.push([number, frame.toString()]),
    word: (word) => seen.push(word),
  });
  for (const chunk of chunks) reader.add(chunk);
  return seen;
}

describe('the records of a session', () => {
  const whole = [[1, 'one'], received, [2, ''], [2 ** 40, 'x'.repeat(5000)]];

  it.each([1, 2, 3, 7, 64, 4096, 100_000])('are read from chunks of %i bytes', (size) => {
    const chunks: Buffer[] = [];
    for (let at = 0; at < stream.byteLength; at += size) {
      chunks.push(stream.subarray(at, at + size));
    }
    expect(read(chunks)).toEqual(whole);
  });

  it('are not read before they are whole', () => {
    expect(read([stream.subarray(0, stream.byteLength - 1)])).toEqual(whole.slice(0, 3));
  });
});

describe('the records of a server', () => {
  it('name the link that a message has come over', () => {
    const frame = Buffer.from('frame');
    const head = messageHead('a link', frame);
    expect(head.readUInt32LE(0)).toBe(1 + 6 + 5);
    expect(head.subarray(4).toString()).toBe('M\u0006a link');
  });

  it('hold words as JSON', () => {
    const bytes = wordRecord({ type: 'acknowledged', number: 7 });
    expect(bytes.readUInt32LE(0)).toBe(bytes.byteLength - 5);
    expect(JSON.parse(bytes.subarray(5).toString())).toEqual({ type: 'acknowledged', number: 7 });
  });
});
