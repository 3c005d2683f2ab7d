import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import {
  type ChannelMessage,
  decodeWebSocketFrame,
  type LinkWord,
  MalformedMessageError,
  ReceivedFrames,
  ResumeError,
  readLinkWord,
  SentFrames,
} from '../../jupyter/index.js';
import { ChannelConnection, CLOSE_CODES } from './channel-connection.js';

/** Code with which a kernel closes a channel that it needs no longer. */
const GOODBYE = 1000;

/** What a kernel is told of the session when it attaches. */
export type Greeting = Pick<LinkWord & { type: 'attached' }, 'sessionId' | 'python'>;

export interface AttachmentEvents {
  received(message: ChannelMessage): void;
  /** What waits for the kernel has become less. */
  relieved(): void;
  /** The connection was cut; the kernel may come back. */
  cut(): void;
  resumed(): void;
  /** The kernel does not come back. */
  closed(): void;
}

/**
 * One kernel at a session. It outlives its connections: what the kernel has not acknowledged is
 * kept, so that a connection that was cut can be resumed without loss.
 */
export class ChannelAttachment {
  /** Names the link; the kernel proves by it that it is the one that was cut. */
  readonly id = randomUUID();
  readonly #events: AttachmentEvents;
  readonly #greeting: Greeting;
  readonly #sent = new SentFrames();
  readonly #received = new ReceivedFrames();
  #connection: ChannelConnection | undefined;
  #isClosed = false;

  constructor(greeting: Greeting, events: AttachmentEvents) {
    this.#greeting = greeting;
    this.#events = events;
  }

  /** Bytes that the kernel has not taken yet. */
  get waitingBytes(): number {
    return this.#connection === undefined ? this.#sent.bytes : this.#connection.bufferedAmount;
  }

  get isCut(): boolean {
    return this.#connection === undefined;
  }

  /**
   * Takes a connection, in place of the one before, and sends what is missing on it.
   * @param stream the connection below the WebSocket
   * @param received how many frames the kernel has received over earlier connections
   * @throws {ResumeError} when that cannot be
   */
  connect(socket: WebSocket, stream: Duplex, received: number): void {
    this.#sent.acknowledge(received);
    const previous = this.#connection;
    const connection: ChannelConnection = new ChannelConnection(socket, stream, {
      frame: (frame) => this.#receive(connection, frame),
      word: (text) => this.#hear(text),
      drained: () => this.#events.relieved(),
      closed: (code) => this.#disconnected(connection, code),
    });
    this.#connection = connection;
    previous?.terminate();
    const word: LinkWord = {
      type: 'attached',
      ...this.#greeting,
      link: this.id,
      received: this.#received.count,
    };
    connection.sendWord(word);
    for (const frame of this.#sent.unacknowledged()) connection.sendFrame(frame);
    this.#events.resumed();
  }

  /** Sends one encoded message, or keeps it until the kernel is back. */
  send(frame: Buffer): void {
    if (this.#isClosed) return;
    this.#sent.add(frame);
    this.#connection?.sendFrame(frame);
  }

  /** Ends the attachment; a connected kernel is told why. Idempotent. */
  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection?.close(code, reason);
    this.#events.closed();
  }

  #disconnected(connection: ChannelConnection, code: number): void {
    if (connection !== this.#connection || this.#isClosed) return;
    this.#connection = undefined;
    if (code === GOODBYE) {
      this.#isClosed = true;
      this.#events.closed();
    } else {
      this.#events.cut();
    }
  }

  #receive(connection: ChannelConnection, frame: Buffer): void {
    // What comes late from a connection that was replaced is sent again over the new one.
    if (connection !== this.#connection) return;
    this.#obey(() => {
      const message = decodeWebSocketFrame(frame);
      this.#events.received(message);
      if (this.#received.add(frame)) {
        connection.sendWord({ type: 'received', count: this.#received.count });
      }
    });
  }

  #hear(text: string): void {
    const word = readLinkWord(text);
    if (word?.type === 'received') this.#obey(() => this.#sent.acknowledge(word.count));
  }

  /** Does what the kernel asks for; nonsense ends the attachment. */
  #obey(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof MalformedMessageError || error instanceof ResumeError)) throw error;
      this.close(CLOSE_CODES.malformed, error.message);
    }
  }
}
