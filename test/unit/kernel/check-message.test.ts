import { describe, expect, it } from 'vitest';
import { checkMessage } from '../../../kernel/check-message.js';
import { createHeader, encodeDict, MalformedMessageError } from '../../../src/jupyter/index.js';

const EMPTY = Buffer.from('{}');
const message = (parts: Partial<Record<'header' | 'metadata' | 'content', Uint8Array>>) => ({
  header: encodeDict(createHeader('execute_request', 'session', 'user')),
  parentHeader: EMPTY,
  metadata: EMPTY,
  content: EMPTY,
  buffers: [],
  ...parts,
});
const header = (fields: object) => ({
  header: encodeDict({ ...createHeader('execute_request', 'session', 'user'), ...fields }),
});
const nested = (depth: number) => Buffer.from(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`);

describe('a message that is signed', () => {
  it('is taken with what else its header holds', () => {
    const checked = checkMessage(message(header({ subshell_id: null, more: [1] })));
    expect(checked.header.session).toBe('session');
  });

  it('may hold brackets, digits and escapes in its texts', () => {
    const code = `${'['.repeat(500)} "\\" ${'9'.repeat(5000)} \\u{1f600}`;
    expect(() => checkMessage(message({ content: encodeDict({ code }) }))).not.toThrow();
    expect(() => checkMessage(message({ content: nested(90) }))).not.toThrow();
  });

  it('keeps whole characters, and gets a replacement for halves of some', () => {
    const code = '"\\ud83d\\ude00 \\uD83D \\ude00\\ud83d \\\\ud800 \\n 12345678901234567890"';
    const content = Buffer.from(`{"code":${code}}`);
    const { message: checked } = checkMessage(message({ content }));
    expect(Buffer.from(checked.content).toString()).toBe(
      '{"code":"\\ud83d\\ude00 \\ufffd \\ufffd\\ufffd \\\\ud800 \\n 12345678901234567890"}',
    );
  });

  it.each([
    ['content that is no JSON', { content: Buffer.from('{') }],
    ['content that is no object', { content: Buffer.from('[]') }],
    ['content that is not UTF-8', { content: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]) }],
    ['metadata that is no object', { metadata: Buffer.from('null') }],
    ['content that is nested too deep for Python', { content: nested(5000) }],
    [
      'a number of more digits than Python reads',
      { content: Buffer.from(`{"a":${'9'.repeat(5000)}}`) },
    ],
    ['a type that is no text', header({ msg_type: 7 })],
    ['no id', header({ msg_id: undefined })],
    ['an id that is too long', header({ msg_id: 'x'.repeat(2000) })],
    ['half a character in its id', { header: Buffer.from(String(encodeLone('msg_id'))) }],
    ['a subshell that is no name', header({ subshell_id: { a: 1 } })],
  ])('is refused with %s', (_, parts) => {
    expect(() => checkMessage(message(parts))).toThrow(MalformedMessageError);
  });
});

function encodeLone(field: string): string {
  const plain = createHeader('execute_request', 'session', 'user');
  return JSON.stringify({ ...plain, [field]: '\ud800' });
}
