import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { SessionAttachment } from '../../api/index.js';
import {
  type ChannelMessage,
  decodeHeader,
  encodeWebSocketFrame,
  ResumeError,
} from '../../jupyter/index.js';
import { ChannelAttachment, type Greeting } from './channel-attachment.js';
import { CLOSE_CODES } from './channel-connection.js';
import type { Incoming } from './incoming.js';
import type { KernelClient } from './kernel-client.js';
import { isAnswered } from './ordering.js';

/** Bytes waiting for one kernel above which the session's output is not read on. */
const HIGH_WATER = 8 * 1024 * 1024;

export interface HubEvents {
  /** A kernel is connected. */
  attached(): void;
  /** A kernel's connection has ended, for good or not. */
  detached(): void;
}

/** A connection, and where its kernel wants to go on; absent for a kernel that is new. */
export interface Arrival {
  readonly socket: WebSocket;
  /** The connection below the WebSocket. */
  readonly stream: Duplex;
  readonly resume?: { readonly link: string; readonly received: number };
  /** What the kernel calls itself, for lists of sessions. */
  readonly client: string;
}

/**
 * The kernels attached to one session. What the session publishes goes to all of them; a reply,
 * or a question on stdin, to the one whose request caused it. A kernel whose connection was cut
 * stays attached for a while, and its messages wait for it.
 */
export class ChannelHub {
  readonly #client: KernelClient;
  readonly #events: HubEvents;
  /** Milliseconds that a kernel has to come back, counted while no code runs. */
  readonly #patience: number;
  readonly #attachments = new Map<string, ChannelAttachment>();
  /** What each is called and when it came. */
  readonly #callers = new Map<ChannelAttachment, SessionAttachment>();
  /** Who sent the requests whose replies are still to come, by message id. */
  readonly #requesters = new Map<string, ChannelAttachment>();

  constructor(client: KernelClient, patience: number, events: HubEvents) {
    this.#client = client;
    this.#patience = patience;
    this.#events = events;
  }

  /** Takes over an open WebSocket until it closes. */
  attach({ socket, stream, resume, client }: Arrival, greeting: Greeting): void {
    const known = resume === undefined ? undefined : this.#attachments.get(resume.link);
    if (resume !== undefined && known === undefined) {
      socket.close(CLOSE_CODES.unknownLink, 'What this kernel missed is no longer kept.');
      return;
    }
    const attachment = known ?? this.#create(greeting, client);
    try {
      attachment.connect(socket, stream, resume?.received ?? 0);
    } catch (error) {
      if (!(error instanceof ResumeError)) throw error;
      socket.close(CLOSE_CODES.unknownLink, error.message);
    }
  }

  /** The kernels that are connected, in the order in which they came. */
  attached(): SessionAttachment[] {
    const connected = [...this.#callers].filter(([attachment]) => !attachment.isCut);
    return connected.map(([, caller]) => caller);
  }

  /** Passes a message of the session on to those that it concerns. */
  relay(incoming: Incoming): void {
    if (incoming.channel === 'iopub') {
      if (this.#attachments.size === 0) return;
      const frame = encodeWebSocketFrame(incoming.channel, incoming.message);
      for (const attachment of this.#attachments.values()) this.#send(attachment, frame);
      return;
    }
    if (incoming.cause === undefined) return;
    const requester = this.#requesters.get(incoming.cause.id);
    if (requester === undefined) return;
    if (incoming.channel !== 'stdin') this.#requesters.delete(incoming.cause.id);
    this.#send(requester, encodeWebSocketFrame(incoming.channel, incoming.message));
  }

  /** Closes every attachment with a code and a sentence. */
  close(code: number, reason: string): void {
    for (const attachment of [...this.#attachments.values()]) attachment.close(code, reason);
  }

  #receive(attachment: ChannelAttachment, { channel, message }: ChannelMessage): void {
    if (channel === 'iopub') return;
    const header = decodeHeader(message.header);
    if (channel !== 'stdin' && isAnswered(header.msg_type)) {
      this.#requesters.set(header.msg_id, attachment);
    }
    this.#client.relay(channel, message);
  }

  #create(greeting: Greeting, client: string): ChannelAttachment {
    let isConnected = false;
    let patience: NodeJS.Timeout | undefined;
    const disconnected = () => {
      if (isConnected) this.#events.detached();
      isConnected = false;
    };
    const attachment: ChannelAttachment = new ChannelAttachment(greeting, {
      received: (message) => this.#receive(attachment, message),
      relieved: () => this.#relieve(),
      resumed: () => {
        clearInterval(patience);
        if (!isConnected) this.#events.attached();
        isConnected = true;
        this.#relieve();
      },
      cut: () => {
        disconnected();
        patience = setInterval(() => {
          if (!this.#client.isRunning) attachment.close(CLOSE_CODES.unknownLink, 'Too late.');
        }, this.#patience).unref();
        this.#relieve();
      },
      closed: () => {
        clearInterval(patience);
        this.#forget(attachment);
        disconnected();
      },
    });
    this.#attachments.set(attachment.id, attachment);
    this.#callers.set(attachment, { client, since: new Date().toISOString() });
    return attachment;
  }

  #send(attachment: ChannelAttachment, frame: Buffer): void {
    attachment.send(frame);
    if (attachment.waitingBytes <= HIGH_WATER) return;
    // A kernel that is away must not hold up those that are there.
    if (attachment.isCut && this.#attachments.size > 1) {
      attachment.close(CLOSE_CODES.unknownLink, 'Too much was missed.');
    } else {
      this.#client.pause();
    }
  }

  #forget(attachment: ChannelAttachment): void {
    this.#attachments.delete(attachment.id);
    this.#callers.delete(attachment);
    for (const [id, requester] of this.#requesters) {
      if (requester === attachment) this.#requesters.delete(id);
    }
    this.#relieve();
  }

  /** Reads the session's output again when nobody is behind any more. */
  #relieve(): void {
    for (const attachment of this.#attachments.values()) {
      if (attachment.waitingBytes > HIGH_WATER) return;
    }
    this.#client.resume();
  }
}
