import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createHeader,
  createMessage,
  decodeDict,
  decodeHeader,
  MalformedMessageError,
  PROTOCOL_VERSION,
  parentId,
} from '../../../src/jupyter/index.js';

describe('a header', () => {
  it('carries the protocol’s version, a fresh id and a date', () => {
    const first = createHeader('status', 's', 'u');
    const second = createHeader('status', 's', 'u');
    expect(first).toMatchObject({ msg_type: 'status', session: 's', version: PROTOCOL_VERSION });
    expect(first.msg_id).not.toBe(second.msg_id);
    expect(Date.parse(first.date)).not.toBeNaN();
  });

  it('is refused without the fields that routing depends on', () => {
    for (const text of [
      '{}',
      '[]',
      'null',
      '"x"',
      '{"msg_id":1,"msg_type":"a","session":"b"}',
      '{',
    ]) {
      expect(() => decodeHeader(Buffer.from(text))).toThrow(MalformedMessageError);
    }
  });

  it('never makes reading throw anything but a malformed message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeHeader(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessageError);
        }
      }),
    );
  });
});

describe('a message', () => {
  it('keeps the parent’s bytes and the buffers as they are', () => {
    const parent = Buffer.from('{ "msg_id" : "p" }');
    const buffers = [Buffer.from([1, 2, 3])];
    const message = createMessage(createHeader('x', 's', 'u'), { a: 'ü' }, { parent, buffers });
    expect(message.parentHeader).toBe(parent);
    expect(message.buffers).toBe(buffers);
    expect(decodeDict(message.content, 'content')).toEqual({ a: 'ü' });
    expect(parentId(message.parentHeader)).toBe('p');
  });

  it('that answers nothing has no parent id', () => {
    expect(parentId(Buffer.from('{}'))).toBeUndefined();
    expect(parentId(Buffer.from('{"msg_id":7}'))).toBeUndefined();
  });
});
