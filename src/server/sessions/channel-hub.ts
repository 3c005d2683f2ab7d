import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { SessionAttachment } from '../../api/index.js';
import { ResumeError } from '../../jupyter/index.js';
import { ChannelAttachment, type Greeting, type LinkState, newLink } from './channel-attachment.js';
import { CLOSE_CODES } from './channel-connection.js';
import { FrameMemory } from './frame-memory.js';
import { type Incoming, isAnswered } from './incoming.js';
import type { KernelClient } from './kernel-client.js';
import { MessageLog } from './message-log.js';
import { OWN_LINK } from './session-wire.js';

/**
 * Bytes kept above which a kernel that is away must not hold up those that are there. Well below
 * what the session keeps before its code waits: it counts heads too, and what is not acknowledged yet.
 */
const HIGH_WATER = 4 * 1024 * 1024;
/** Milliseconds after which a kernel that was cut off is given up, though code runs: a day. */
const LONGEST_WAIT = 24 * 60 * 60 * 1000;

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
  /** Asks for a link that can be resumed. */
  readonly isResumable: boolean;
  readonly resume?: { readonly link: string; readonly received: number };
  /** What the kernel calls itself, for lists of sessions. */
  readonly client: string;
}

/**
 * The kernels attached to one session. What the session publishes goes to all of them; a reply,
 * or a question on stdin, to the one whose request caused it. A kernel whose connection was cut
 * stays attached for a while, and its messages wait for it; the session waits in turn when they
 * become too many, since it is told only of what all its kernels have taken.
 */
export class ChannelHub {
  readonly #client: KernelClient;
  readonly #greeting: Greeting;
  readonly #events: HubEvents;
  /** Milliseconds that a kernel has to come back, counted while no code runs. */
  readonly #patience: number;
  readonly #attachments = new Set<ChannelAttachment>();
  /** What each is called and when it came. */
  readonly #callers = new Map<ChannelAttachment, SessionAttachment>();
  /** Who sent the requests whose replies are still to come, by message id. */
  readonly #requesters = new Map<string, ChannelAttachment>();
  readonly #memory = new FrameMemory();
  readonly #log = new MessageLog<ChannelAttachment>(this.#memory);
  /** Until when kernels that were cut off are waited for. */
  readonly #waits = new WeakMap<ChannelAttachment, NodeJS.Timeout>();

  constructor(client: KernelClient, greeting: Greeting, patience: number, events: HubEvents) {
    this.#client = client;
    this.#greeting = greeting;
    this.#patience = patience;
    this.#events = events;
    const { links, acknowledged } = client.hello;
    for (const [id, received] of Object.entries(links)) {
      if (id === OWN_LINK) continue;
      this.#await(this.#create({ id, received, acknowledged }));
    }
  }

  /** Takes over an open WebSocket until it closes. */
  attach({ socket, stream, isResumable, resume, client }: Arrival): void {
    const known = resume === undefined ? undefined : this.#find(resume.link);
    if (resume !== undefined && known === undefined) {
      socket.close(CLOSE_CODES.unknownLink, 'What this kernel missed is no longer kept.');
      return;
    }
    const { last } = this.#client;
    const attachment = known ?? this.#create(newLink(last, isResumable));
    if (known === undefined && isResumable) this.#client.announce('attached', attachment.id);
    if (!this.#callers.has(attachment)) {
      this.#callers.set(attachment, { client, since: new Date().toISOString() });
    }
    try {
      const received = resume?.received ?? attachment.acknowledged;
      attachment.connect(socket, stream, received, this.#log.for(attachment), last);
    } catch (error) {
      if (!(error instanceof ResumeError)) throw error;
      socket.close(CLOSE_CODES.unknownLink, error.message);
      attachment.close(CLOSE_CODES.unknownLink, error.message);
    }
  }

  /** The kernels that are connected, in the order in which they came. */
  attached(): SessionAttachment[] {
    const connected = [...this.#callers].filter(([attachment]) => !attachment.isCut);
    return connected.map(([, caller]) => caller);
  }

  /** Passes a message of the session on to those that it concerns. */
  relay(incoming: Incoming): void {
    if (this.#attachments.size === 0) return;
    const recipient = this.#recipientOf(incoming);
    this.#log.add(incoming, recipient);
    if (recipient !== undefined) recipient.send(incoming);
    else for (const attachment of this.#attachments) attachment.send(incoming);
    if (this.#log.bytes > HIGH_WATER) this.#leaveBehind(1);
  }

  /** Counts a message that is for no kernel: the session keeps it while a kernel is behind. */
  skip({ number, frame }: Incoming): void {
    if (this.#attachments.size === 0) return;
    this.#log.skip(number, frame.byteLength);
    if (this.#log.bytes > HIGH_WATER) this.#leaveBehind(0);
  }

  /** Lets the session, and the log, forget what every kernel has. */
  settle(): void {
    let settled = this.#client.last;
    for (const attachment of this.#attachments) {
      if (!attachment.isUpToDate) settled = Math.min(settled, attachment.acknowledged);
    }
    this.#log.forget(settled);
    this.#client.acknowledge(settled);
  }

  /** Tells the kernels how many of their messages the session has. */
  confirm(links: Readonly<Record<string, number>>): void {
    for (const attachment of this.#attachments) {
      const received = links[attachment.id];
      if (received !== undefined) attachment.confirm(received);
    }
  }

  /**
   * Lets the kernels send again what did not reach the session, whose connection broke. A kernel
   * that keeps nothing to send again is told to begin anew.
   */
  rewind(links: Readonly<Record<string, number>>): void {
    for (const attachment of [...this.#attachments]) {
      if (attachment.id === '') {
        attachment.close(CLOSE_CODES.tryAgain, 'The connection with the session broke.');
      } else {
        this.#client.announce('attached', attachment.id);
        attachment.rewind(links[attachment.id] ?? 0);
      }
    }
    for (const id of Object.keys(links)) {
      if (id !== OWN_LINK && this.#find(id) === undefined) this.#client.announce('detached', id);
    }
  }

  /** Closes every attachment with a code and a sentence. */
  close(code: number, reason: string): void {
    for (const attachment of [...this.#attachments]) attachment.close(code, reason);
  }

  /** Whose request caused a reply or a question; undefined for what concerns all. */
  #recipientOf({ channel, cause }: Incoming): ChannelAttachment | undefined {
    if (channel === 'iopub' || cause === undefined) return undefined;
    // The request may have come to a server before this one. Every kernel then gets the reply, and
    // the one that asked knows it.
    const requester = this.#requesters.get(cause.id);
    if (channel !== 'stdin') this.#requesters.delete(cause.id);
    return requester;
  }

  #create(link: LinkState): ChannelAttachment {
    let isConnected = false;
    const disconnected = () => {
      if (isConnected) this.#events.detached();
      isConnected = false;
    };
    const attachment: ChannelAttachment = new ChannelAttachment(
      link,
      this.#greeting,
      this.#memory,
      {
        received: (channel, header, frame) => {
          if (channel !== 'stdin' && isAnswered(header.msg_type)) {
            this.#requesters.set(header.msg_id, attachment);
          }
          this.#client.relay(attachment.id, frame);
        },
        acknowledged: () => this.settle(),
        resumed: () => {
          clearInterval(this.#waits.get(attachment));
          if (!isConnected) this.#events.attached();
          isConnected = true;
        },
        cut: () => {
          disconnected();
          this.#await(attachment);
        },
        closed: () => {
          clearInterval(this.#waits.get(attachment));
          this.#forget(attachment);
          disconnected();
        },
      },
    );
    this.#attachments.add(attachment);
    return attachment;
  }

  /** Waits for a kernel that was cut off, and no longer than that while no code runs. */
  #await(attachment: ChannelAttachment): void {
    const begin = performance.now();
    const wait = setInterval(() => {
      const isLong = performance.now() - begin > LONGEST_WAIT;
      if (!this.#client.isRunning || isLong) attachment.close(CLOSE_CODES.unknownLink, 'Too late.');
    }, this.#patience);
    this.#waits.set(attachment, wait.unref());
  }

  /**
   * Gives up kernels that are away, for others who wait.
   * @param left how many stay at least: none where a caller of the REST API waits.
   */
  #leaveBehind(left: number): void {
    for (const attachment of [...this.#attachments]) {
      if (attachment.isCut && this.#attachments.size > left) {
        attachment.close(CLOSE_CODES.unknownLink, 'Too much was missed.');
      }
    }
  }

  #forget(attachment: ChannelAttachment): void {
    this.#attachments.delete(attachment);
    this.#callers.delete(attachment);
    if (attachment.id !== '') this.#client.announce('detached', attachment.id);
    for (const [id, requester] of this.#requesters) {
      if (requester === attachment) this.#requesters.delete(id);
    }
    this.settle();
  }

  #find(link: string): ChannelAttachment | undefined {
    return [...this.#attachments].find(({ id }) => id === link && link !== '');
  }
}
