import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { FrameMemory } from './frame-memory.js';

/** Milliseconds between pings, and until an unanswered one means that the connection is lost. */
const PING_INTERVAL = 15_000;
const PONG_DEADLINE = 10_000;

/** Why the server closes a channel; the reason text says more. */
export const CLOSE_CODES = {
  serverStops: 1001,
  malformed: 1007,
  tryAgain: 1013,
  loginEnded: 4401,
  unknownSession: 4404,
  unknownLink: 4409,
  sessionEnded: 4410,
} as const;

/** Bytes of the longest reason that a WebSocket close frame can carry. */
const MAX_REASON = 123;

export interface ConnectionEvents {
  frame(frame: Buffer): void;
  word(text: string): void;
  /** The peer has taken all that was sent. */
  drained(): void;
  closed(code: number): void;
}

/** One WebSocket of a kernel's, kept alive by pings. */
export class ChannelConnection {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #memory: FrameMemory;
  readonly #events: ConnectionEvents;
  readonly #pings: NodeJS.Timeout;
  #pongDeadline: NodeJS.Timeout | undefined;
  #unsent = 0;
  #corked = false;

  /** @param stream the connection below the WebSocket */
  constructor(socket: WebSocket, stream: Duplex, memory: FrameMemory, events: ConnectionEvents) {
    this.#socket = socket;
    this.#stream = stream;
    this.#memory = memory;
    this.#events = events;
    this.#pings = setInterval(() => this.#ping(), PING_INTERVAL);
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) events.frame(data);
      else events.word(data.toString());
    });
    socket.on('pong', () => this.#clearDeadline());
    // A protocol error or a reset; ws closes the connection after it.
    socket.on('error', () => socket.terminate());
    socket.on('close', (code) => {
      clearInterval(this.#pings);
      this.#clearDeadline();
      events.closed(code);
    });
  }

  /** Bytes that wait to be sent. */
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** Says something of the link itself. */
  sendWord(word: object): void {
    this.#socket.send(JSON.stringify(word));
  }

  /** Sends one encoded message. */
  sendFrame(frame: Buffer): void {
    this.#cork();
    this.#unsent += 1;
    this.#memory.hold(frame);
    this.#socket.send(frame, { binary: true }, () => {
      this.#unsent -= 1;
      this.#memory.drop(frame);
      if (this.#unsent === 0) this.#events.drained();
    });
  }

  /** Closes the connection; the peer is told why. */
  close(code: number, reason: string): void {
    this.#socket.close(code, truncateReason(reason));
  }

  /** Cuts the connection, without waiting for the peer. */
  terminate(): void {
    this.#socket.terminate();
  }

  /**
   * Gathers what is sent until the event loop has no more messages at hand, and writes it in one
   * system call: a cell that flushes each line it prints takes a third less time.
   */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#stream.uncork();
    });
  }

  #ping(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.ping();
    this.#pongDeadline ??= setTimeout(() => this.#socket.terminate(), PONG_DEADLINE);
  }

  #clearDeadline(): void {
    clearTimeout(this.#pongDeadline);
    this.#pongDeadline = undefined;
  }
}

/** Cuts a reason to what fits in a close frame, between characters. */
export function truncateReason(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON) return reason;
  let cut = reason.slice(0, MAX_REASON - 3);
  while (Buffer.byteLength(cut) > MAX_REASON - 3) cut = cut.slice(0, -1);
  return `${cut}…`;
}
