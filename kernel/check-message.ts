import { isUtf8 } from 'node:buffer';
import {
  decodeDict,
  decodeHeader,
  MalformedMessageError,
  type MessageHeader,
  type WireMessage,
} from '../src/jupyter/index.js';

/**
 * What a session cannot be sent, although it is JSON: Python refuses nesting that is deeper than
 * its stack and integers of more digits than 4300, and ipykernel then says nothing at all.
 */
const DEEPEST = 100;
const MOST_DIGITS = 1000;
/** Characters of an id or a type; Jupyter's own have 36 and some. */
const LONGEST_FIELD = 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
const [ZERO, NINE] = [0x30, 0x39];

/** A message that a session can be sent, and its header. */
export interface CheckedMessage {
  readonly header: MessageHeader;
  readonly message: WireMessage;
}

/**
 * Checks what a client has sent, beyond its signature: four JSON objects in UTF-8 which a session
 * can read, and a header whose fields are what routing relies on. Halves of characters in it are
 * replaced.
 * @throws {MalformedMessageError}
 */
export function checkMessage(message: WireMessage): CheckedMessage {
  const { header, parentHeader, metadata, content } = message;
  const parts = { header, 'parent header': parentHeader, metadata, content };
  for (const [part, bytes] of Object.entries(parts)) {
    if (!isUtf8(bytes)) throw new MalformedMessageError(`The ${part} of a message is not UTF-8.`);
    checkReadable(bytes, part);
    decodeDict(bytes, part);
  }
  return {
    header: checkHeader(decodeHeader(header)),
    message: {
      ...message,
      parentHeader: wholeCharacters(parentHeader),
      metadata: wholeCharacters(metadata),
      content: wholeCharacters(content),
    },
  };
}

/** A pair of escapes that is one character; half of one; any other escape. */
const ESCAPE = /\\u(?:d[89ab][\da-f]{2}\\ud[c-f][\da-f]{2}|(?<half>d[89a-f][\da-f]{2}))|\\./gis;

/**
 * JSON with U+FFFD in place of halves of characters, which JavaScript's strings may hold and Python
 * cannot write: a session that is to print one stands still for ten seconds.
 */
function wholeCharacters(json: Uint8Array): Uint8Array {
  const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  if (!bytes.includes('\\ud') && !bytes.includes('\\uD')) return json;
  const repaired = bytes.toString().replace(ESCAPE, (written, ...rest) => {
    const { half } = rest.at(-1) as { half?: string };
    return half === undefined ? written : '\\ufffd';
  });
  return Buffer.from(repaired);
}

function checkHeader(header: MessageHeader): MessageHeader {
  for (const field of ['msg_id', 'msg_type', 'session'] as const) {
    const value = header[field];
    if (value.length > LONGEST_FIELD || !value.isWellFormed()) {
      throw new MalformedMessageError(`The "${field}" of a message is too long or is no text.`);
    }
  }
  const { subshell_id: subshell } = header;
  const isName = subshell === undefined || subshell === null || typeof subshell === 'string';
  if (!isName || (subshell?.length ?? 0) > LONGEST_FIELD || subshell?.isWellFormed() === false) {
    throw new MalformedMessageError('The "subshell_id" of a message is no name.');
  }
  return header;
}

function checkReadable(bytes: Uint8Array, part: string): void {
  let depth = 0;
  let digits = 0;
  for (let at = 0; at < bytes.byteLength; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfText(bytes, at);
    else if (OPENING.has(byte)) depth += 1;
    else if (CLOSING.has(byte)) depth -= 1;
    digits = byte >= ZERO && byte <= NINE ? digits + 1 : 0;
    if (depth > DEEPEST || digits > MOST_DIGITS) {
      throw new MalformedMessageError(`The ${part} of a message is nested too deep or too large.`);
    }
  }
}

/** The index of the quote that ends a string, or of the last byte. */
function endOfText(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.byteLength; at++) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at;
  }
  return bytes.byteLength;
}
