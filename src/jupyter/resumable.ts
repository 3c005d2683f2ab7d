/**
 * What both ends of a session channel keep so that a connection that was cut can be resumed without
 * loss. A kernel's frames are numbered by counting them: the first is number 1, over all connections
 * of the link. A session's frames have the numbers that its messages have in the session, so that
 * every server that the session lives to see can go on with the link. A kernel counts those too, and
 * is told where numbers are left out. Each end tells the other what it has received.
 */

/** Frames, or bytes, after which a kernel says at once what it has received. */
const ACKNOWLEDGE_FRAMES = 256;
const ACKNOWLEDGE_BYTES = 256 * 1024;

/** Frames that were sent, kept until the other end has acknowledged them. */
export class SentFrames {
  #frames: Buffer[] = [];
  /** Frames at the front of the array that have been acknowledged. */
  #head = 0;
  #acknowledged = 0;
  #bytes = 0;

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  add(frame: Buffer): void {
    this.#frames.push(frame);
    this.#bytes += frame.byteLength;
  }

  /**
   * Forgets the frames up to number `received`.
   * @throws {ResumeError} when the other end counts what was not sent, or less than before.
   */
  acknowledge(received: number): void {
    const sent = this.#acknowledged + this.#frames.length - this.#head;
    if (!Number.isSafeInteger(received) || received < this.#acknowledged || received > sent) {
      throw new ResumeError(
        `The other end counts ${received} frames; it can have ${this.#acknowledged} to ${sent}.`,
      );
    }
    for (; this.#acknowledged < received; this.#acknowledged++) {
      this.#bytes -= this.#frames[this.#head]?.byteLength ?? 0;
      this.#frames[this.#head++] = EMPTY;
    }
    if (this.#head * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The frames that have not been acknowledged, oldest first. */
  unacknowledged(): readonly Buffer[] {
    return this.#frames.slice(this.#head);
  }
}

/** Follows the numbers of the frames that are received, and says when to acknowledge them. */
export class ReceivedFrames {
  #number = 0;
  #acknowledged = 0;
  #bytes = 0;

  /** Number of the last frame that has been received, over all connections. */
  get number(): number {
    return this.#number;
  }

  /** Whether frames have been received since the last acknowledgement. */
  get isBehind(): boolean {
    return this.#number > this.#acknowledged;
  }

  /** Says which number the next frame has, where it is not the one after the last. */
  expect(number: number): void {
    this.#number = number - 1;
  }

  /** Counts a frame. Returns whether it is time for an acknowledgement. */
  add(frame: Buffer): boolean {
    this.#number++;
    this.#bytes += frame.byteLength;
    return (
      this.#number - this.#acknowledged >= ACKNOWLEDGE_FRAMES || this.#bytes >= ACKNOWLEDGE_BYTES
    );
  }

  /** Says that what has been received so far is being acknowledged. Returns its number. */
  acknowledge(): number {
    this.#acknowledged = this.#number;
    this.#bytes = 0;
    return this.#number;
  }
}

/**
 * Header by which a client that connects again names the link that was cut. `new` asks for a link
 * that can be resumed; without the header, what a client misses is not kept.
 */
export const LINK_HEADER = 'slipway-link';
export const NEW_LINK = 'new';
/** Header that says which is the last frame of that link that the client has received. */
export const RECEIVED_HEADER = 'slipway-received';

/** Header by which a client says what it is called: UTF-8 as base64url. */
export const CLIENT_HEADER = 'slipway-client';

/** What is said of the link itself, as JSON in text frames. */
export type LinkWord =
  | {
      readonly type: 'attached';
      readonly sessionId: string;
      readonly python: string;
      /** Names the link, for {@link LINK_HEADER}. */
      readonly link: string;
      /** How many frames of the client's have been received. */
      readonly received: number;
      /** Number of the frame before the next one. */
      readonly number: number;
    }
  /** The next frame has this number. */
  | { readonly type: 'next'; readonly number: number }
  /** The frames up to this number have been received. */
  | { readonly type: 'received'; readonly count: number };

/**
 * Reads a text frame; undefined for one that is not a word of this version, which is to be ignored.
 */
export function readLinkWord(text: string): LinkWord | undefined {
  let word: unknown;
  try {
    word = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof word !== 'object' || word === null) return undefined;
  const { type, count, received = 0, link = '', python = '', sessionId = '' } = word as Fields;
  const { number = 0 } = word as Fields;
  if (type === 'received' && typeof count === 'number') return { type, count };
  if (type === 'next' && typeof number === 'number') return { type, number };
  if (
    type === 'attached' &&
    typeof number === 'number' &&
    typeof received === 'number' &&
    typeof link === 'string' &&
    typeof python === 'string' &&
    typeof sessionId === 'string'
  ) {
    return { type, sessionId, python, link, received, number };
  }
  return undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const EMPTY = Buffer.alloc(0);

/** Thrown when the two ends of a link do not agree on what was sent; it cannot be resumed. */
export class ResumeError extends Error {
  readonly code = 'RESUME';
  override readonly name = 'ResumeError';
}
