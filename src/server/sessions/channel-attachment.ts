import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import {
  decodeHeader,
  decodeWebSocketFrame,
  type LinkWord,
  MalformedMessageError,
  type MessageHeader,
  ResumeError,
  readLinkWord,
} from '../../jupyter/index.js';
import { ChannelConnection, CLOSE_CODES } from './channel-connection.js';
import type { FrameMemory } from './frame-memory.js';
import type { RequestChannel } from './kernel-client.js';

/** Code with which a kernel closes a channel that it needs no longer. */
const GOODBYE = 1000;

/** What a kernel is told of the session when it attaches. */
export type Greeting = Pick<LinkWord & { type: 'attached' }, 'sessionId' | 'python'>;

/** A message of the session's under its number. */
export interface Numbered {
  readonly number: number;
  readonly frame: Buffer;
}

export interface AttachmentEvents {
  received(channel: RequestChannel, header: MessageHeader, frame: Buffer): void;
  /** The kernel has taken more of what was sent. */
  acknowledged(): void;
  /** The connection was cut; the kernel may come back. */
  cut(): void;
  resumed(): void;
  /** The kernel does not come back. */
  closed(): void;
}

/** How far a link had come; for one that a server before this had made, what the session tells. */
export interface LinkState {
  /** Names the link; empty for a kernel that does not come back after a cut. */
  readonly id: string;
  /** Number of the last message of the session's that the kernel has, as far as is known. */
  readonly acknowledged: number;
  /** How many messages of the kernel's have been passed on. */
  readonly received: number;
}

/** The state of a new link. @param last number of the session's last message. */
export function newLink(last: number, isResumable: boolean): LinkState {
  return { id: isResumable ? randomUUID() : '', acknowledged: last, received: 0 };
}

/**
 * One kernel at a session. It outlives its connections, unless the kernel asked for a plain one:
 * the hub keeps what the kernel has not acknowledged, so that a link that was cut goes on without
 * loss.
 */
export class ChannelAttachment {
  readonly id: string;
  readonly #events: AttachmentEvents;
  readonly #greeting: Greeting;
  readonly #memory: FrameMemory;
  #connection: ChannelConnection | undefined;
  #acknowledged: number;
  /** Number of the last message that was sent over this connection, or that it began after. */
  #sent: number;
  /** Number of the last message that is for this kernel, sent or not. */
  #due: number;
  /** How many messages of the kernel's have been passed on. */
  #received: number;
  /** How many of them the session has confirmed: the kernel may forget those, and only those. */
  #confirmed: number;
  /** How many the kernel will send again that have been passed on already. */
  #repeated = 0;
  #isClosed = false;

  constructor(link: LinkState, greeting: Greeting, memory: FrameMemory, events: AttachmentEvents) {
    this.id = link.id;
    this.#acknowledged = link.acknowledged;
    this.#sent = link.acknowledged;
    this.#due = link.acknowledged;
    this.#received = link.received;
    this.#confirmed = link.received;
    this.#greeting = greeting;
    this.#memory = memory;
    this.#events = events;
  }

  /** Number of the last message that the kernel has acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Whether the kernel has acknowledged all that is for it. */
  get isUpToDate(): boolean {
    return this.#acknowledged >= this.#due;
  }

  get isCut(): boolean {
    return this.#connection === undefined;
  }

  /**
   * Takes a connection, in place of the one before, and sends what is missing on it.
   * @param stream the connection below the WebSocket
   * @param received number of the last message that the kernel has, over all connections
   * @param kept what is kept for the kernel, oldest first
   * @throws {ResumeError} when the kernel cannot go on from there
   */
  connect(
    socket: WebSocket,
    stream: Duplex,
    received: number,
    kept: readonly Numbered[],
    last: number,
  ): void {
    if (!Number.isSafeInteger(received) || received < this.#acknowledged || received > last) {
      throw new ResumeError(
        `The kernel has received ${received} messages; it can have ${this.#acknowledged} to ${last}.`,
      );
    }
    this.#acknowledged = received;
    this.#sent = received;
    this.#repeated = this.#received - this.#confirmed;
    const previous = this.#connection;
    const connection: ChannelConnection = new ChannelConnection(socket, stream, this.#memory, {
      frame: (frame) => this.#receive(connection, frame),
      word: (text) => this.#hear(text),
      drained: () => this.#drained(),
      closed: (code) => this.#disconnected(connection, code),
    });
    this.#connection = connection;
    previous?.terminate();
    const word: LinkWord = {
      type: 'attached',
      ...this.#greeting,
      link: this.id,
      received: this.#confirmed,
      number: received,
    };
    connection.sendWord(word);
    for (const entry of kept) if (entry.number > received) this.#send(connection, entry);
    this.#events.resumed();
  }

  /** Sends one message, if the kernel is there. */
  send(entry: Numbered): void {
    if (this.#isClosed) return;
    this.#due = entry.number;
    if (this.#connection !== undefined) this.#send(this.#connection, entry);
  }

  /** Tells the kernel how many of its messages the session has. */
  confirm(received: number): void {
    this.#confirmed = received;
    this.#connection?.sendWord({ type: 'received', count: received });
  }

  /**
   * Cuts the connection so that the kernel comes back and sends again what follows.
   * @param received how many of the kernel's messages the session has
   */
  rewind(received: number): void {
    this.#received = received;
    this.#confirmed = received;
    this.#repeated = 0;
    const connection = this.#connection;
    if (connection === undefined) return;
    // At once: what it has read already and not handed over yet follows on what was lost.
    this.#connection = undefined;
    connection.terminate();
    this.#events.cut();
  }

  /** Ends the attachment; a connected kernel is told why. Idempotent. */
  close(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection?.close(code, reason);
    this.#events.closed();
  }

  #send(connection: ChannelConnection, { number, frame }: Numbered): void {
    if (this.id !== '' && number !== this.#sent + 1) connection.sendWord({ type: 'next', number });
    this.#sent = number;
    connection.sendFrame(frame);
  }

  /** A plain kernel has what the operating system has taken. */
  #drained(): void {
    if (this.id !== '') return;
    this.#acknowledged = this.#sent;
    this.#events.acknowledged();
  }

  #disconnected(connection: ChannelConnection, code: number): void {
    if (connection !== this.#connection || this.#isClosed) return;
    this.#connection = undefined;
    if (code === GOODBYE || this.id === '') {
      this.#isClosed = true;
      this.#events.closed();
    } else {
      this.#events.cut();
    }
  }

  #receive(connection: ChannelConnection, frame: Buffer): void {
    // What comes late from a connection that was replaced is sent again over the new one.
    if (connection !== this.#connection || this.#isClosed) return;
    if (this.#repeated > 0) {
      this.#repeated -= 1;
      return;
    }
    this.#obey(() => {
      const { channel, message } = decodeWebSocketFrame(frame);
      if (channel === 'iopub') throw new MalformedMessageError('Nothing can be sent on iopub.');
      this.#received += 1;
      this.#events.received(channel, decodeHeader(message.header), frame);
    });
  }

  #hear(text: string): void {
    const word = readLinkWord(text);
    if (word?.type !== 'received') return;
    this.#obey(() => {
      if (word.count > this.#sent) {
        throw new ResumeError(`The kernel acknowledges ${word.count} of ${this.#sent} messages.`);
      }
      this.#acknowledged = Math.max(this.#acknowledged, word.count);
      this.#events.acknowledged();
    });
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
