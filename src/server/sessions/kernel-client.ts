import type { SessionProcess } from '../../compute/index.js';
import {
  type Channel,
  createHeader,
  createMessage,
  decodeDict,
  encodeWebSocketFrame,
  MalformedMessageError,
} from '../../jupyter/index.js';
import { RequestInterruptedError } from './errors.js';
import { executionState, type Incoming, readIncoming } from './incoming.js';
import { SessionWire } from './session-wire.js';
import type { Hello } from './wire-records.js';

/** Jupyter session id of the server's own requests, also of those of a server before this one. */
const OWN_SESSION = 'slipway-server';
const USERNAME = 'slipway';

/** A channel that takes messages. */
export type RequestChannel = Exclude<Channel, 'iopub'>;

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
  /** Something for the server itself. */
  kept(incoming: Incoming): void;
  /** A message has been dealt with, for a kernel or not. */
  passed(number: number): void;
  /** How many messages the session has received over each kernel's link. */
  received(links: Readonly<Record<string, number>>): void;
  /** The connection broke: how many it had received; what was sent after those is lost. */
  resumed(links: Readonly<Record<string, number>>): void;
  /** Code began or ceased to run. */
  runningChanged(running: boolean): void;
  dropped(error: Error): void;
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
  readonly #wire: SessionWire;
  readonly #pending = new Map<string, PendingRequest>();
  readonly #executing = new Set<string>();
  #hello: Hello | undefined;
  #events: KernelClientEvents | undefined;
  #closeReason: Error | undefined;
  readonly #closed = Promise.withResolvers<void>();

  private constructor(process: SessionProcess) {
    this.#wire = new SessionWire((receive) => process.connect(receive), {
      message: (number, frame) => this.#accept(number, frame),
      received: (links) => this.#events?.received(links),
      resumed: (links) => this.#events?.resumed(links),
      broken: (error) => this.#events?.dropped(error),
      // The end of the process says the same, with its reason.
      lost: () => undefined,
    });
  }

  /**
   * Connects to a started session. Its messages come after {@link begin}.
   * @throws what `ended` resolves with, when that comes first.
   */
  static async connect(process: SessionProcess, ended: Promise<Error>): Promise<KernelClient> {
    const client = new KernelClient(process);
    void ended.then((error) => client.close(error));
    const hello = await Promise.race([
      client.#wire.connect(),
      ended.then((error) => Promise.reject(error)),
    ]);
    client.#hello = hello;
    for (const id of hello.running) client.#executing.add(id);
    return client;
  }

  /** What the session said of itself when this server connected. */
  get hello(): Hello {
    if (this.#hello === undefined) throw new TypeError('The session is not connected yet.');
    return this.#hello;
  }

  /** Number of the last message that has come. */
  get last(): number {
    return this.#wire.last;
  }

  /** Whether code of a REST caller or of an attached kernel is running. */
  get isRunning(): boolean {
    return this.#executing.size > 0;
  }

  listen(events: KernelClientEvents): void {
    this.#events = events;
    if (this.isRunning) events.runningChanged(true);
  }

  /**
   * Takes the session's messages from now on. Resolves when those have come that it had sent before
   * this server connected, unless it ends.
   */
  async begin(): Promise<void> {
    this.#wire.begin();
    await Promise.race([this.#wire.reached(this.hello.last), this.#closed.promise]);
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
    const header = createHeader(type, OWN_SESSION, USERNAME);
    const message = createMessage(header, content, { buffers: options.buffers ?? [] });
    return new Promise((resolve, reject) => {
      this.#pending.set(header.msg_id, { onPublished: options.onPublished, resolve, reject });
      this.#wire.sendOwn(encodeWebSocketFrame(channel, message));
    });
  }

  /** Sets how many seconds the session lives on without a server; until then it is a few. */
  setPatience(seconds: number): void {
    this.#wire.setPatience(seconds);
  }

  /** Says that a kernel's link is there, or is not used any more. */
  announce(type: 'attached' | 'detached', link: string): void {
    this.#wire.say({ type, link });
  }

  /** Sends a message that has come over a kernel's link as it is. */
  relay(link: string, frame: Uint8Array): void {
    this.#wire.send(link, frame);
  }

  /** Lets the session forget its messages up to this number. */
  acknowledge(number: number): void {
    this.#wire.acknowledge(number);
  }

  /** Resolves when all that a session which has ended had still sent has come. */
  drained(): Promise<void> {
    return this.#wire.drained();
  }

  /** Ends the connection, not the session; requests under way fail with `reason`. Idempotent. */
  close(reason: Error): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = reason;
    this.#closed.resolve();
    this.#wire.close();
    for (const pending of this.#pending.values()) pending.reject(reason);
    this.#pending.clear();
    this.#executing.clear();
  }

  #accept(number: number, frame: Buffer): void {
    try {
      this.#deliver(readIncoming(number, frame));
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.#events?.dropped(error);
    }
    if (this.#events === undefined) this.acknowledge(number);
    else this.#events.passed(number);
  }

  #deliver(incoming: Incoming): void {
    if (incoming.channel === 'iopub') {
      this.#trackRunning(incoming);
      this.#events?.published(incoming);
    }
    if (incoming.cause?.session !== OWN_SESSION) {
      this.#events?.relayed(incoming);
      return;
    }
    this.#events?.kept(incoming);
    const pending = this.#pending.get(incoming.cause.id);
    if (pending === undefined) return;
    if (incoming.channel === 'iopub') {
      pending.onPublished?.(incoming);
      if (executionState(incoming) === 'idle') {
        // ipykernel answers nothing when an interrupt comes before the code of a request.
        this.#pending.delete(incoming.cause.id);
        pending.reject(new RequestInterruptedError());
      }
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
