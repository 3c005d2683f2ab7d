import { v4 as uuid } from 'uuid';
import {
  type Channel,
  createHeader,
  createMessage,
  decodeDict,
  decodeHeader,
  encodeDict,
  localUser,
  type WireMessage,
} from '../jupyter/index.js';
import type { MessageListener } from './link.js';
import type { EventListener } from './rest-call.js';

/** What stands in place of output that a server has not kept. */
const GAP = '[some of the output is missing: the server has not kept it]\n';

/** A request of the kernel's, and what it is. */
export interface Exchange {
  readonly channel: Channel;
  readonly type: string;
  /** Its header, as the parent of what answers it. */
  readonly parent: Uint8Array;
  /** @throws {MalformedMessageError} */
  content(): Record<string, unknown>;
}

/** Reads what a request is. @throws {MalformedMessageError} */
export function exchangeOf(channel: Channel, message: WireMessage): Exchange {
  return {
    channel,
    type: decodeHeader(message.header).msg_type,
    parent: message.header,
    content: () => decodeDict(message.content, 'content of a request'),
  };
}

/** Tells the kernel what a Jupyter kernel would, in its form. */
export class Publisher {
  /** Its own session id. */
  readonly session = uuid();
  readonly #username = localUser();
  #isClosed = false;

  constructor(private readonly listener: MessageListener) {}

  /** Tells nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  /** A header for a request of the link's own, as the parent of what that publishes. */
  ownParent(type: string): Uint8Array {
    return encodeDict(createHeader(type, this.session, this.#username));
  }

  publish(type: string, content: object, parent: Uint8Array): void {
    this.#emit('iopub', type, content, parent);
  }

  busy({ parent }: Exchange): void {
    this.publish('status', { execution_state: 'busy' }, parent);
  }

  idle({ parent }: Exchange): void {
    this.publish('status', { execution_state: 'idle' }, parent);
  }

  /** Answers a request that has begun, and ends it. */
  reply(exchange: Exchange, content: object, metadata?: object): void {
    const type = exchange.type.replace(/_request$/, '_reply');
    this.#emit(exchange.channel, type, content, exchange.parent, metadata);
    this.idle(exchange);
  }

  /** Answers a request that is served at once. */
  answer(exchange: Exchange, content: object): void {
    this.busy(exchange);
    this.reply(exchange, content);
  }

  /** Publishes what the session's helper tells for a request. */
  eventsOf(parent: Uint8Array): EventListener {
    return (event) => {
      if (event.kind === 'message') {
        this.publish(event.type, event.content, parent);
      } else if (event.kind === 'stream') {
        this.publish('stream', { name: event.name, text: event.text }, parent);
      } else {
        this.publish('stream', { name: 'stderr', text: GAP }, parent);
      }
    };
  }

  #emit(
    channel: Channel,
    type: string,
    content: object,
    parent: Uint8Array,
    metadata?: object,
  ): void {
    if (this.#isClosed) return;
    const header = createHeader(type, this.session, this.#username);
    const options = { parent, ...(metadata === undefined ? {} : { metadata }) };
    this.listener(channel, createMessage(header, content, options));
  }
}
