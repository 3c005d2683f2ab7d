import { randomBytes } from 'node:crypto';
import { Dealer, Subscriber } from 'zeromq';
import {
  type ConnectionInfo,
  createHeader,
  createMessage,
  decodeDict,
  decodeHeader,
  decodeZmqFrames,
  encodeZmqFrames,
  endpoint,
  parentId,
  Signer,
} from '../src/jupyter/index.js';
import { freeConnection, type KernelCommand, KernelProcess } from './kernel-process.js';

/** A request under way. */
export interface Request {
  /** Resolves with the content of the reply. */
  readonly reply: Promise<Record<string, unknown>>;
  /** Resolves when both the reply and `idle` have arrived. */
  readonly done: Promise<void>;
  /** Resolves when the request has been published as busy. */
  readonly busy: Promise<void>;
}

interface Pending {
  readonly reply: PromiseWithResolvers<Record<string, unknown>>;
  readonly done: PromiseWithResolvers<void>;
  readonly busy: PromiseWithResolvers<void>;
  isReplied: boolean;
  isIdle: boolean;
}

/**
 * Milliseconds between tries to connect to a kernel that has not bound its sockets. ZeroMQ's own
 * pause is 100 to 200 ms, by chance: it would be most of what a quick start takes.
 */
export const PROMPT = 2;
/** ZeroMQ's own pause, which Jupyter's clients leave as it is. */
export const ZEROMQ_DEFAULT = 100;

/** Milliseconds that jupyter_client gives IOPub after the reply to its first question. */
const IOPUB_PATIENCE = 200;

/**
 * The least client that can drive a kernel, the same for ours and for ipykernel, so that what is
 * measured is the kernel.
 */
export class KernelUnderTest {
  /** Told of the content of each `stream` message, while it is set. */
  onStream: ((content: Uint8Array) => void) | undefined;
  readonly connection: ConnectionInfo;
  readonly #process: KernelProcess;
  readonly #signer: Signer;
  readonly #shell: Dealer;
  readonly #control: Dealer;
  readonly #iopub: Subscriber;
  readonly #session = randomBytes(16).toString('hex');
  readonly #pending = new Map<string, Pending>();
  readonly #heardIopub = Promise.withResolvers<void>();
  #isStopping = false;

  private constructor(connection: ConnectionInfo, command: KernelCommand, pause: number) {
    this.connection = connection;
    this.#signer = new Signer(connection.key, connection.signature_scheme);
    this.#process = new KernelProcess(command, connection);
    const options = { receiveHighWaterMark: 0, reconnectInterval: pause };
    this.#shell = new Dealer({ ...options, linger: 0 });
    this.#control = new Dealer({ ...options, linger: 1000 });
    this.#iopub = new Subscriber({ ...options, linger: 0 });
    this.#iopub.subscribe('');
    this.#iopub.connect(endpoint(connection, connection.iopub_port));
    this.#shell.connect(endpoint(connection, connection.shell_port));
    this.#control.connect(endpoint(connection, connection.control_port));
    this.#hear().catch(reportUnlessClosed);
    for (const socket of [this.#shell, this.#control]) {
      this.#listen(socket).catch(reportUnlessClosed);
    }
    this.#process.failure().catch((error: Error) => this.#fail(error));
  }

  /**
   * Starts a kernel and connects to it.
   * @param pause milliseconds between tries to connect.
   */
  static async start(command: KernelCommand, pause = PROMPT): Promise<KernelUnderTest> {
    return new KernelUnderTest(await freeConnection(), command, pause);
  }

  get pid(): number {
    return this.#process.pid;
  }

  /**
   * Resolves when the kernel can be used, found out as jupyter_client's `wait_for_ready` does: it
   * answers `kernel_info`, and something has come over IOPub.
   */
  async ready(): Promise<void> {
    for (let isReady = false; !isReady; ) {
      const { reply } = await this.request('shell', 'kernel_info_request', {});
      await reply;
      isReady = await Promise.race([
        this.#heardIopub.promise.then(() => true),
        new Promise<false>((resolve) => setTimeout(resolve, IOPUB_PATIENCE, false).unref()),
      ]);
    }
  }

  /** Runs a cell to its end. @throws when it fails. */
  async execute(code: string): Promise<void> {
    const { reply, done } = await this.begin(code);
    const { status, evalue } = await reply;
    if (status !== 'ok') throw new Error(`A benchmark's cell failed: ${status} ${evalue}`);
    await done;
  }

  /** Sends a cell, whatever becomes of it. */
  begin(code: string): Promise<Request> {
    return this.request('shell', 'execute_request', {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
    });
  }

  /** Sends a request. @param subshell the id of the subshell that is to serve it. */
  async request(
    channel: 'shell' | 'control',
    type: string,
    content: object,
    subshell?: string,
  ): Promise<Request> {
    const header = {
      ...createHeader(type, this.#session, 'bench'),
      ...(subshell === undefined ? {} : { subshell_id: subshell }),
    };
    const pending: Pending = {
      reply: Promise.withResolvers(),
      done: Promise.withResolvers(),
      busy: Promise.withResolvers(),
      isReplied: false,
      isIdle: false,
    };
    this.#pending.set(header.msg_id, pending);
    const frames = encodeZmqFrames([], createMessage(header, content), this.#signer);
    await (channel === 'shell' ? this.#shell : this.#control).send(frames);
    return {
      reply: pending.reply.promise,
      done: pending.done.promise,
      busy: pending.busy.promise,
    };
  }

  /** Shuts the kernel down and waits for its end. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.request('control', 'shutdown_request', { restart: false });
    await this.#process.ended();
    for (const socket of [this.#shell, this.#control, this.#iopub]) socket.close();
  }

  async #listen(socket: Dealer): Promise<void> {
    for await (const frames of socket) {
      const { message } = decodeZmqFrames(frames, this.#signer);
      const id = parentId(message.parentHeader) ?? '';
      const pending = this.#pending.get(id);
      if (pending === undefined) continue;
      pending.isReplied = true;
      pending.reply.resolve(decodeDict(message.content, 'content'));
      this.#settle(id, pending);
    }
  }

  async #hear(): Promise<void> {
    for await (const frames of this.#iopub) {
      this.#heardIopub.resolve();
      // Signatures are not checked here: a client that did would be slower than the kernels.
      const delimiter = frames.findIndex((frame) => frame.byteLength === 9);
      const [header, parent, , content] = frames.slice(delimiter + 2);
      if (header === undefined || parent === undefined || content === undefined) continue;
      const type = decodeHeader(header).msg_type;
      if (type === 'stream') this.onStream?.(content);
      if (type !== 'status') continue;
      const id = parentId(parent) ?? '';
      const pending = this.#pending.get(id);
      if (pending === undefined) continue;
      pending.busy.resolve();
      pending.isIdle = decodeDict(content, 'content').execution_state === 'idle';
      this.#settle(id, pending);
    }
  }

  /** The kernel has ended: nobody is to wait for it any more. */
  #fail(error: Error): void {
    if (this.#isStopping) return;
    for (const { reply, done, busy } of this.#pending.values()) {
      for (const { promise, reject } of [reply, done, busy]) {
        // Not everybody waits for all three.
        promise.catch(ignore);
        reject(error);
      }
    }
  }

  #settle(id: string, pending: Pending): void {
    if (!pending.isReplied || !pending.isIdle) return;
    this.#pending.delete(id);
    pending.done.resolve();
  }
}

function reportUnlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EAGAIN' && error.code !== 'ENOTSOCK') throw error;
}

function ignore(): void {}
