/**
 * What both ends of a session channel keep so that a connection that was cut can be resumed without
 * loss. Binary frames are numbered by counting them: the first that an end sends is number 1, over
 * all connections of the link. Each end tells the other how many it has received.
 */

/** Frames, or bytes, after which an end tells the other what it has received. */
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

/** Counts the frames that were received, and says when to acknowledge them. */
export class ReceivedFrames {
  #count = 0;
  #acknowledged = 0;
  #bytes = 0;

  /** How many have been received over all connections. */
  get count(): number {
    return this.#count;
  }

  /** Counts a frame. Returns whether it is time for an acknowledgement. */
  add(frame: Buffer): boolean {
    this.#count++;
    this.#bytes += frame.byteLength;
    const isDue =
      this.#count - this.#acknowledged >= ACKNOWLEDGE_FRAMES || this.#bytes >= ACKNOWLEDGE_BYTES;
    if (isDue) {
      this.#acknowledged = this.#count;
      this.#bytes = 0;
    }
    return isDue;
  }
}

/** Header by which a client that connects again names the link that was cut. */
export const LINK_HEADER = 'slipway-link';
/** Header that says how many frames of that link the client has received. */
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
      /** How many frames of the client's the server has received. */
      readonly received: number;
    }
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
  if (type === 'received' && typeof count === 'number') return { type, count };
  if (
    type === 'attached' &&
    typeof received === 'number' &&
    typeof link === 'string' &&
    typeof python === 'string' &&
    typeof sessionId === 'string'
  ) {
    return { type, sessionId, python, link, received };
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
