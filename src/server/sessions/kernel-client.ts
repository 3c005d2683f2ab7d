import { randomUUID } from 'node:crypto';
import {
  type ConnectionInfo,
  createHeader,
  createMessage,
  decodeDict,
  type WireMessage,
} from '../../jupyter/index.js';
import { executionState, type Incoming } from './incoming.js';
import { KernelSockets, type RequestChannel } from './kernel-sockets.js';
import { ReplyOrder } from './ordering.js';

const USERNAME = 'slipway';

/** What the session said of itself when it started. */
export interface KernelInfo {
  /** Such as `3.11.7`. */
  readonly pythonVersion: string;
}

/** The reply to a request of the server's own. */
export interface KernelReply {
  readonly content: Record<string, unknown>;
  readonly buffers: readonly Uint8Array[];
}

export interface RequestOptions {
  readonly buffers?: readonly Uint8Array[];
  /** Called with each message that the session publishes for this request. */
  readonly onPublished?: (incoming: Incoming) => void;
}

export interface KernelClientEvents {
  /** Everything that is not for the server itself, in the order that Jupyter is to see. */
  relayed(incoming: Incoming): void;
  /** Everything published, whoever asked for it, before it goes anywhere else. */
  published(incoming: Incoming): void;
  /** Code began or ceased to run. */
  runningChanged(running: boolean): void;
  dropped(error: Error): void;
  failed(error: Error): void;
}

interface PendingRequest {
  readonly onPublished: ((incoming: Incoming) => void) | undefined;
  resolve(reply: KernelReply): void;
  reject(error: Error): void;
}

/**
 * The server's client of one session. It sends requests of its own and relays those of attached
 * kernels verbatim; the Jupyter session id in a header tells which is which on the way back.
 */
export class KernelClient {
  readonly #session = randomUUID();
  readonly #sockets: KernelSockets;
  readonly #order: ReplyOrder;
  readonly #pending = new Map<string, PendingRequest>();
  readonly #executing = new Set<string>();
  #handshake: Handshake | undefined;
  #events: KernelClientEvents | undefined;
  #info: KernelInfo | undefined;
  #closeReason: Error | undefined;

  private constructor(connection: ConnectionInfo) {
    this.#order = new ReplyOrder((incoming) => this.#deliver(incoming));
    this.#sockets = new KernelSockets(connection, {
      message: (incoming) => this.#accept(incoming),
      dropped: (error) => this.#events?.dropped(error),
      failed: (error) => {
        this.close(error);
        this.#events?.failed(error);
      },
    });
  }

  /**
   * Connects to a started session and waits until nothing that it sends can be lost: it answers,
   * its publications arrive, and it knows our stdin socket.
   * @throws what `ended` resolves with, when that comes first.
   */
  static async connect(connection: ConnectionInfo, ended: Promise<Error>): Promise<KernelClient> {
    const client = new KernelClient(connection);
    void ended.then((error) => client.close(error));
    const handshake = new Handshake((session) => {
      const header = createHeader('kernel_info_request', session, USERNAME);
      client.#sockets.send('shell', createMessage(header, {}));
    });
    client.#handshake = handshake;
    client.#info = await handshake.run();
    client.#handshake = undefined;
    await client.#sockets.stdinConnected;
    return client;
  }

  get info(): KernelInfo {
    if (this.#info === undefined) throw new TypeError('The session is not connected yet.');
    return this.#info;
  }

  /** Whether code of a REST caller or of an attached kernel is running. */
  get isRunning(): boolean {
    return this.#executing.size > 0;
  }

  listen(events: KernelClientEvents): void {
    this.#events = events;
  }

  /**
   * Sends a request of the server's own. Requests sent in one turn of the event loop reach the
   * session back to back.
   * @throws the reason given to {@link close} when the session ends first.
   */
  request(
    channel: 'shell' | 'control',
    type: string,
    content: object,
    options: RequestOptions = {},
  ): Promise<KernelReply> {
    if (this.#closeReason !== undefined) return Promise.reject(this.#closeReason);
    const header = createHeader(type, this.#session, USERNAME);
    return new Promise((resolve, reject) => {
      this.#pending.set(header.msg_id, { onPublished: options.onPublished, resolve, reject });
      this.#sockets.send(
        channel,
        createMessage(header, content, { buffers: options.buffers ?? [] }),
      );
    });
  }

  /** Sends an attached kernel's message as it is. */
  relay(channel: RequestChannel, message: WireMessage): void {
    this.#sockets.send(channel, message);
  }

  /** Stops reading what the session publishes while a consumer cannot keep up. */
  pause(): void {
    this.#sockets.pause();
  }

  resume(): void {
    this.#sockets.resume();
  }

  /** Closes the sockets; requests under way fail with `reason`. Idempotent. */
  close(reason: Error): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = reason;
    this.#sockets.close();
    this.#order.flush();
    this.#handshake?.fail(reason);
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.#pending.clear();
    this.#executing.clear();
  }

  #accept(incoming: Incoming): void {
    if (this.#handshake?.accept(incoming) || incoming.cause?.session === HANDSHAKE_SESSION) return;
    this.#order.accept(incoming);
  }

  #deliver(incoming: Incoming): void {
    if (incoming.channel === 'iopub') {
      this.#trackRunning(incoming);
      this.#events?.published(incoming);
    }
    if (incoming.cause?.session !== this.#session) {
      this.#events?.relayed(incoming);
      return;
    }
    const pending = this.#pending.get(incoming.cause.id);
    if (pending === undefined) return;
    if (incoming.channel === 'iopub') {
      pending.onPublished?.(incoming);
      return;
    }
    this.#pending.delete(incoming.cause.id);
    pending.resolve({
      content: decodeDict(incoming.message.content, 'content'),
      buffers: incoming.message.buffers,
    });
  }

  #trackRunning(incoming: Incoming): void {
    if (incoming.cause?.type !== 'execute_request') return;
    const state = executionState(incoming);
    if (state === undefined) return;
    const before = this.isRunning;
    if (state === 'busy') this.#executing.add(incoming.cause.id);
    else this.#executing.delete(incoming.cause.id);
    if (before !== this.isRunning) this.#events?.runningChanged(this.isRunning);
  }
}

/** The Jupyter session id of the messages that only find out whether a session is reachable. */
const HANDSHAKE_SESSION = 'slipway-handshake';

/**
 * Waits for an answer on shell and for any message on iopub. A session publishes `iopub_welcome`
 * once our subscription has reached it; older ones do not, so a request whose `busy` was lost is
 * sent again.
 */
class Handshake {
  readonly #ask: (session: string) => void;
  readonly #done = Promise.withResolvers<KernelInfo>();
  #info: KernelInfo | undefined;
  #isSubscribed = false;

  constructor(ask: (session: string) => void) {
    this.#ask = ask;
  }

  run(): Promise<KernelInfo> {
    this.#ask(HANDSHAKE_SESSION);
    return this.#done.promise;
  }

  /** Whether the message belonged to the handshake. */
  accept(incoming: Incoming): boolean {
    if (incoming.channel === 'iopub') this.#isSubscribed = true;
    else if (incoming.type === 'kernel_info_reply') {
      this.#info = readKernelInfo(incoming.message);
      if (!this.#isSubscribed) this.#ask(HANDSHAKE_SESSION);
    }
    if (this.#info !== undefined && this.#isSubscribed) this.#done.resolve(this.#info);
    return true;
  }

  fail(reason: Error): void {
    this.#done.reject(reason);
  }
}

function readKernelInfo(message: WireMessage): KernelInfo {
  const language = decodeDict(message.content, 'content').language_info;
  const version =
    typeof language === 'object' && language !== null && 'version' in language
      ? language.version
      : undefined;
  return { pythonVersion: typeof version === 'string' ? version : 'unknown' };
}
