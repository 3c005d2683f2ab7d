import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { SentFrames } from '../../jupyter/index.js';
import {
  type Hello,
  messageHead,
  RecordReader,
  type ServerWord,
  wordRecord,
} from './wire-records.js';

/** Messages, or bytes of them, after which the session is told that they need not be kept. */
const ACKNOWLEDGE_MESSAGES = 128;
const ACKNOWLEDGE_BYTES = 256 * 1024;

/** The link of the server's own requests. Those of kernels have names that nobody chooses. */
export const OWN_LINK = 'server';

/** Seconds that a session which is nobody's yet lives on without a server. */
const RESERVE_PATIENCE = 5;

/** Milliseconds that the last messages of a session that has ended may take. */
const DRAIN_DEADLINE = 250;

export interface WireEvents {
  /** Called for each message of the session's, once and in order. */
  message(number: number, frame: Buffer): void;
  /** How many messages the session has received over each kernel's link. */
  received(links: Readonly<Record<string, number>>): void;
  /**
   * The connection broke and has been made anew: how many messages the session has received over
   * each kernel's link. What was sent after those is lost.
   */
  resumed(links: Readonly<Record<string, number>>): void;
  /** The session has said what none says; the connection is made anew. */
  broken(error: Error): void;
  /** The session cannot be reached any more: its process is gone. */
  lost(error: Error): void;
}

/**
 * Connects with a session.
 * @param receive takes what comes; the bytes are its own until it returns
 */
type OpenWire = (receive: (chunk: Buffer) => void) => Promise<Duplex>;

/**
 * The server's connection with one session. What the session sends is numbered, and kept there
 * until it is acknowledged, so that neither a broken connection nor the end of this server loses
 * any of it.
 */
export class SessionWire {
  readonly #open: OpenWire;
  readonly #events: WireEvents;
  #patience = RESERVE_PATIENCE;
  #stream: Duplex | undefined;
  #hasBegun = false;
  /** Whether it is not known yet what the session has received of what was sent before. */
  #isBroken = false;
  #isClosed = false;
  /** Number of the last message that has come. */
  #last = 0;
  /** The server's own messages that the session may not have. */
  readonly #own = new SentFrames();
  /** How many such messages of servers before this one the session has received. */
  #ownBefore = 0;
  #awaited: { readonly number: number; resolve(): void } | undefined;
  #acknowledged = 0;
  #unacknowledgedBytes = 0;

  /** @param open connects with the session */
  constructor(open: OpenWire, events: WireEvents) {
    this.#open = open;
    this.#events = events;
  }

  /** Number of the last message that has come. */
  get last(): number {
    return this.#last;
  }

  /**
   * Connects and returns what the session says of itself. Its messages come after {@link begin}.
   * @throws when the session is gone.
   */
  async connect(): Promise<Hello> {
    const hello = await this.#connect();
    this.#last = hello.acknowledged;
    this.#acknowledged = hello.acknowledged;
    this.#ownBefore = hello.links[OWN_LINK] ?? 0;
    return hello;
  }

  /** Asks for the session's messages, from the first that no server has acknowledged. */
  begin(): void {
    this.#hasBegun = true;
    this.#say({ type: 'welcome', after: this.#last, patience: this.#patience });
  }

  /** Resolves when the messages up to a number have come. */
  reached(number: number): Promise<void> {
    if (this.#last >= number) return Promise.resolve();
    return new Promise((resolve) => {
      this.#awaited = { number, resolve };
    });
  }

  /**
   * Sends a message that has come over a kernel's link: `''` for one that cannot be resumed. Between
   * two connections it goes nowhere, and the kernel sends it again when it is told what has come.
   */
  send(link: string, frame: Uint8Array): void {
    const stream = this.#stream;
    if (stream === undefined || this.#isBroken) return;
    stream.cork();
    stream.write(messageHead(link, frame));
    stream.write(frame);
    stream.uncork();
  }

  /** Sends a message of the server's own, again where the connection breaks meanwhile. */
  sendOwn(frame: Buffer): void {
    this.#own.add(frame);
    this.send(OWN_LINK, frame);
  }

  say(word: ServerWord & { readonly type: 'attached' | 'detached' }): void {
    this.#say(word);
  }

  /** Sets how many seconds the session lives on without a server. */
  setPatience(seconds: number): void {
    this.#patience = seconds;
    if (this.#hasBegun) this.#say({ type: 'patience', seconds });
  }

  /** Lets the session forget its messages up to a number, at once or with some more. */
  acknowledge(number: number): void {
    const messages = number - this.#acknowledged;
    const isMuch = this.#unacknowledgedBytes >= ACKNOWLEDGE_BYTES;
    if (messages <= 0 || (messages < ACKNOWLEDGE_MESSAGES && !isMuch)) return;
    this.#acknowledged = number;
    // Where some are left, it counts as much until all are acknowledged: a large message among
    // them must not wait for others, since the session may wait for its acknowledgement.
    if (number === this.#last) this.#unacknowledgedBytes = 0;
    this.#say({ type: 'acknowledged', number });
  }

  /** Resolves when all that a session which has ended left in its connection is read. */
  async drained(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined || stream.closed) return;
    await Promise.race([
      new Promise<void>((resolve) => stream.once('close', resolve)),
      // What the session has started may hold the connection open.
      delay(DRAIN_DEADLINE, undefined, { ref: false }),
    ]);
  }

  /** Ends the connection, not the session. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  #say(word: ServerWord): void {
    this.#stream?.write(wordRecord(word));
  }

  async #connect(): Promise<Hello> {
    const greeted = Promise.withResolvers<Hello>();
    const reader = new RecordReader({
      message: (number, frame) => this.#receive(number, frame),
      word: (word) => {
        if (word.type === 'hello') greeted.resolve(word);
        else this.#received(word.links);
      },
    });
    // Set when something has come that no session says. Its code may write to any descriptor.
    let isBroken = false;
    let stream: Duplex | undefined;
    const opened = await this.#open((chunk) => {
      if (isBroken) return;
      try {
        reader.add(chunk);
      } catch (error) {
        isBroken = true;
        this.#events.broken(error as Error);
        // It is connected with anew and goes on after the last message.
        stream?.destroy();
      }
    });
    stream = opened;
    if (this.#isClosed) {
      stream.destroy();
      throw new WireClosedError('The link with the session was closed.');
    }
    if (isBroken) stream.destroy();
    this.#stream = opened;
    stream.on('error', (error: Error) => greeted.reject(error));
    stream.on('close', () => {
      greeted.reject(new WireClosedError('The session closed the connection.'));
      if (this.#stream === stream) this.#stream = undefined;
      this.#isBroken = true;
      if (this.#hasBegun && !this.#isClosed) void this.#reconnect();
    });
    return await greeted.promise;
  }

  /** A session that lives has only lost the connection; one that does not answer is gone. */
  async #reconnect(): Promise<void> {
    try {
      const { links } = await this.#connect();
      this.begin();
      this.#acknowledgeOwn(links);
      this.#isBroken = false;
      for (const frame of this.#own.unacknowledged()) this.send(OWN_LINK, frame);
      this.#events.resumed(links);
    } catch (error) {
      if (!this.#isClosed) this.#events.lost(error as Error);
    }
  }

  #received(links: Readonly<Record<string, number>>): void {
    this.#acknowledgeOwn(links);
    this.#events.received(links);
  }

  #acknowledgeOwn({ [OWN_LINK]: received = this.#ownBefore }: Readonly<Record<string, number>>) {
    this.#own.acknowledge(received - this.#ownBefore);
  }

  #receive(number: number, frame: Buffer): void {
    if (number <= this.#last || this.#isClosed) return;
    this.#last = number;
    this.#unacknowledgedBytes += frame.byteLength;
    this.#events.message(number, frame);
    if (this.#awaited !== undefined && number >= this.#awaited.number) {
      this.#awaited.resolve();
      this.#awaited = undefined;
    }
  }
}

/** Thrown when a connection with a session ends before the session has greeted. */
class WireClosedError extends Error {
  readonly code = 'WIRE_CLOSED';
  override readonly name = 'WireClosedError';
}
