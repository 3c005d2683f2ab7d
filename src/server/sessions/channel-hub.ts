import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { type ChannelMessage, decodeHeader, encodeWebSocketFrame } from '../../jupyter/index.js';
import { ChannelAttachment } from './channel-attachment.js';
import type { Incoming } from './incoming.js';
import type { KernelClient } from './kernel-client.js';
import { isAnswered } from './ordering.js';

/** Bytes buffered for one attachment above which the session's output is not read on. */
const HIGH_WATER = 8 * 1024 * 1024;

export interface HubEvents {
  attached(): void;
  detached(): void;
}

/**
 * The kernels attached to one session. What the session publishes goes to all of them; a reply,
 * or a question on stdin, to the one whose request caused it.
 */
export class ChannelHub {
  readonly #client: KernelClient;
  readonly #events: HubEvents;
  readonly #attachments = new Set<ChannelAttachment>();
  /** Who sent the requests whose replies are still to come, by message id. */
  readonly #requesters = new Map<string, ChannelAttachment>();

  constructor(client: KernelClient, events: HubEvents) {
    this.#client = client;
    this.#events = events;
  }

  /** Takes over an open WebSocket until it closes. */
  attach(socket: WebSocket, stream: Duplex, greeting: object): void {
    const attachment: ChannelAttachment = new ChannelAttachment(socket, stream, {
      received: (message) => this.#receive(attachment, message),
      drained: () => this.#relieve(),
      closed: () => this.#remove(attachment),
    });
    this.#attachments.add(attachment);
    attachment.sendControl(greeting);
    this.#events.attached();
  }

  /** Passes a message of the session on to those that it concerns. */
  relay(incoming: Incoming): void {
    if (incoming.channel === 'iopub') {
      if (this.#attachments.size === 0) return;
      const frame = encodeWebSocketFrame(incoming.channel, incoming.message);
      for (const attachment of this.#attachments) this.#send(attachment, frame);
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
    for (const attachment of this.#attachments) attachment.close(code, reason);
  }

  #receive(attachment: ChannelAttachment, { channel, message }: ChannelMessage): void {
    if (channel === 'iopub') return;
    const header = decodeHeader(message.header);
    if (channel !== 'stdin' && isAnswered(header.msg_type)) {
      this.#requesters.set(header.msg_id, attachment);
    }
    this.#client.relay(channel, message);
  }

  #send(attachment: ChannelAttachment, frame: Buffer): void {
    attachment.sendFrame(frame);
    if (attachment.bufferedAmount > HIGH_WATER) this.#client.pause();
  }

  #remove(attachment: ChannelAttachment): void {
    this.#attachments.delete(attachment);
    for (const [id, requester] of this.#requesters) {
      if (requester === attachment) this.#requesters.delete(id);
    }
    this.#relieve();
    this.#events.detached();
  }

  /** Reads the session's output again when nobody is behind any more. */
  #relieve(): void {
    for (const attachment of this.#attachments) {
      if (attachment.bufferedAmount > HIGH_WATER) return;
    }
    this.#client.resume();
  }
}
