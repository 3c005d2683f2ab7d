/**
 * The bytes between server and session: records of a 32-bit little-endian length, one byte for the
 * kind, and the payload. `python/slipway_session/wire` is the other end.
 */

/** A Jupyter message, in the binary framing of the WebSocket that it goes to or comes from. */
export const MESSAGE = 'M'.charCodeAt(0);
/** JSON: something about the link itself. */
const WORD = 'J'.charCodeAt(0);

const HEAD = 5;
const NUMBER = 8;
const EMPTY = Buffer.alloc(0);

/** What the session says of the link. */
export type SessionWord =
  | Hello
  | { readonly type: 'received'; readonly links: Readonly<Record<string, number>> };

/** The first word of a session on a connection. */
export interface Hello {
  readonly type: 'hello';
  readonly pid: number;
  /** Version of its Python, such as `3.11.7`. */
  readonly python: string;
  /** Number of the last message that a server has acknowledged. */
  readonly acknowledged: number;
  /** Number of the last message that it has sent. */
  readonly last: number;
  /** How many messages it has received over each kernel's link. */
  readonly links: Readonly<Record<string, number>>;
  /** Whether a kernel was ever attached. */
  readonly attended: boolean;
  /** Ids of the requests whose code runs. */
  readonly running: readonly string[];
}

/** What the server says of the link. */
export type ServerWord =
  /** Answers `hello`: messages with a higher number are wanted. */
  | { readonly type: 'welcome'; readonly after: number; readonly patience: number }
  /** Messages up to this number need not be kept any more. */
  | { readonly type: 'acknowledged'; readonly number: number }
  | { readonly type: 'attached' | 'detached'; readonly link: string }
  /** How long the session is to live on without a server. */
  | { readonly type: 'patience'; readonly seconds: number };

/** A word of the server's, as bytes. */
export function wordRecord(word: ServerWord): Buffer {
  const payload = Buffer.from(JSON.stringify(word));
  return Buffer.concat([head(payload.byteLength, WORD), payload]);
}

/** What stands before a message's frame in its record. @param link name of the kernel's link, or `''` */
export function messageHead(link: string, frame: Uint8Array): Buffer {
  const name = Buffer.from(link);
  const start = head(1 + name.byteLength + frame.byteLength, MESSAGE);
  return Buffer.concat([start, Buffer.of(name.byteLength), name]);
}

function head(length: number, kind: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD);
  bytes.writeUInt32LE(length, 0);
  bytes[HEAD - 1] = kind;
  return bytes;
}

export interface RecordEvents {
  /** @param number counts the session's messages over its life, from 1 */
  message(number: number, frame: Buffer): void;
  word(word: SessionWord): void;
}

/** Takes the stream of a session apart, however it is cut into chunks. */
export class RecordReader {
  readonly #events: RecordEvents;
  /** A record that has begun, with room for all of it, and how much of it has come. */
  #record: Buffer | undefined;
  #filled = 0;
  /** What has come of the next record's head, when that is not whole. */
  #head: Buffer = EMPTY;

  constructor(events: RecordEvents) {
    this.#events = events;
  }

  /** Takes the next bytes, and keeps none of them: what it tells of are copies, made once. */
  add(chunk: Buffer): void {
    let bytes = chunk;
    while (bytes.byteLength > 0) {
      bytes = this.#record === undefined ? this.#begin(bytes) : this.#fill(this.#record, bytes);
    }
  }

  /** Reads the record at the beginning of some bytes, or keeps what there is of it. */
  #begin(chunk: Buffer): Buffer {
    const bytes = this.#head.byteLength === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    this.#head = EMPTY;
    if (bytes.byteLength < HEAD) {
      this.#head = Buffer.from(bytes);
      return EMPTY;
    }
    const length = HEAD + bytes.readUInt32LE(0);
    if (bytes.byteLength < length) {
      this.#record = Buffer.allocUnsafe(length);
      this.#filled = 0;
      return this.#fill(this.#record, bytes);
    }
    this.#read(Buffer.from(bytes.subarray(0, length)));
    return bytes.subarray(length);
  }

  #fill(record: Buffer, bytes: Buffer): Buffer {
    const taken = bytes.copy(record, this.#filled);
    this.#filled += taken;
    if (this.#filled === record.byteLength) {
      this.#record = undefined;
      this.#read(record);
    }
    return bytes.subarray(taken);
  }

  #read(record: Buffer): void {
    const payload = record.subarray(HEAD);
    if (record[HEAD - 1] === MESSAGE) {
      const number = payload.readUInt32LE(0) + payload.readUInt32LE(4) * 0x1_0000_0000;
      this.#events.message(number, payload.subarray(NUMBER));
    } else {
      this.#events.word(JSON.parse(payload.toString()) as SessionWord);
    }
  }
}
