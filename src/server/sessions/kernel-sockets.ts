import { randomUUID } from 'node:crypto';
import { Dealer, Subscriber } from 'zeromq';
import {
  BadSignatureError,
  type Channel,
  type ConnectionInfo,
  decodeZmqFrames,
  encodeZmqFrames,
  endpoint,
  MalformedMessageError,
  Signer,
  type WireMessage,
} from '../../jupyter/index.js';
import { type Incoming, readIncoming } from './incoming.js';
import { SocketWriter } from './socket-writer.js';

/** A channel that takes messages. */
export type RequestChannel = Exclude<Channel, 'iopub'>;

export interface SocketEvents {
  /** Called for every message with a valid signature, in order per channel. */
  message(incoming: Incoming): void;
  /** Called for a message that is dropped because it is malformed or forged. */
  dropped(error: Error): void;
  /** Called when a socket fails; no more messages come. */
  failed(error: Error): void;
}

const UNLIMITED = 0;

/**
 * Milliseconds between attempts to connect. Only the instant between a session's `bind` and
 * `listen` needs a second one; libzmq's default of 100 would cost a fifth of a start.
 */
const RECONNECT_INTERVAL = 5;

/** The client side of a Jupyter kernel's sockets, bytes in and messages out. */
export class KernelSockets {
  readonly #signer: Signer;
  readonly #events: SocketEvents;
  readonly #dealers: Readonly<Record<RequestChannel, Dealer>>;
  readonly #writers: Readonly<Record<RequestChannel, SocketWriter>>;
  readonly #iopub: Subscriber;
  readonly #stdinConnected: Promise<void>;
  #closed = false;
  #gate: Promise<void> | undefined;
  #openGate: (() => void) | undefined;

  constructor(connection: ConnectionInfo, events: SocketEvents) {
    this.#signer = new Signer(connection.key, connection.signature_scheme);
    this.#events = events;
    // A kernel sends input requests on stdin to the identity that the shell request came from.
    const routingId = randomUUID();
    const dealer = (port: number) => {
      const socket = new Dealer({
        routingId,
        linger: 0,
        sendHighWaterMark: UNLIMITED,
        receiveHighWaterMark: UNLIMITED,
        reconnectInterval: RECONNECT_INTERVAL,
      });
      return { socket, connect: () => socket.connect(endpoint(connection, port)) };
    };
    const shell = dealer(connection.shell_port);
    const control = dealer(connection.control_port);
    const stdin = dealer(connection.stdin_port);
    this.#dealers = { shell: shell.socket, control: control.socket, stdin: stdin.socket };
    this.#iopub = new Subscriber({
      linger: 0,
      receiveHighWaterMark: UNLIMITED,
      reconnectInterval: RECONNECT_INTERVAL,
    });
    this.#iopub.subscribe();
    this.#iopub.connect(endpoint(connection, connection.iopub_port));
    this.#stdinConnected = this.#handshake(stdin.socket);
    for (const { connect } of [shell, control, stdin]) connect();
    const fail = (error: Error) => this.#fail(error);
    this.#writers = {
      shell: new SocketWriter(shell.socket, fail),
      control: new SocketWriter(control.socket, fail),
      stdin: new SocketWriter(stdin.socket, fail),
    };
    for (const channel of ['shell', 'control', 'stdin', 'iopub'] as const) {
      this.#read(channel).catch(fail);
    }
  }

  /** Resolves when the session's stdin socket knows this client: it drops what it sends before. */
  get stdinConnected(): Promise<void> {
    return this.#stdinConnected;
  }

  send(channel: RequestChannel, message: WireMessage): void {
    if (this.#closed) return;
    this.#writers[channel].send(encodeZmqFrames([], message, this.#signer));
  }

  /** Stops reading what the session publishes; its replies go on being read. Idempotent. */
  pause(): void {
    if (this.#gate !== undefined) return;
    this.#gate = new Promise((resolve) => {
      this.#openGate = resolve;
    });
  }

  /** Goes on after {@link pause}. Idempotent. */
  resume(): void {
    this.#openGate?.();
    this.#gate = undefined;
    this.#openGate = undefined;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.resume();
    for (const socket of [...Object.values(this.#dealers), this.#iopub]) socket.close();
  }

  async #read(channel: Channel): Promise<void> {
    const socket = channel === 'iopub' ? this.#iopub : this.#dealers[channel];
    for await (const frames of socket) {
      this.#accept(channel, frames);
      if (channel === 'iopub' && this.#gate !== undefined) await this.#gate;
    }
  }

  #accept(channel: Channel, frames: Buffer[]): void {
    let incoming: Incoming;
    try {
      incoming = readIncoming(channel, decodeZmqFrames(frames, this.#signer).message);
    } catch (error) {
      if (error instanceof MalformedMessageError || error instanceof BadSignatureError) {
        this.#events.dropped(error);
        return;
      }
      throw error;
    }
    this.#events.message(incoming);
  }

  /**
   * The observer is left open: the socket closes it too, and closing it twice closes a file
   * descriptor that by then may be another session's.
   */
  async #handshake(socket: Dealer): Promise<void> {
    for await (const event of socket.events) {
      if (event.type === 'handshake' || event.type === 'end') return;
    }
  }

  #fail(error: Error): void {
    // A read or send that was under way when the sockets were closed.
    if (this.#closed) return;
    this.close();
    this.#events.failed(error);
  }
}
