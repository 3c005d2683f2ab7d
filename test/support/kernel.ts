import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { v4 as uuid } from 'uuid';
import { Dealer, Subscriber } from 'zeromq';
import {
  type Channel,
  type ConnectionInfo,
  createHeader,
  createMessage,
  decodeDict,
  decodeZmqFrames,
  encodeZmqFrames,
  endpoint,
  type MessageHeader,
  Signer,
} from '../../src/jupyter/index.js';
import { freePorts } from './ports.js';

const root = resolve(import.meta.dirname, '../..');

/** A message of the kernel, read. */
export interface ReadMessage {
  readonly channel: Channel;
  readonly type: string;
  readonly header: MessageHeader;
  readonly parent: Partial<MessageHeader>;
  readonly metadata: Record<string, unknown>;
  // The content of a test's message is what the test says that it is.
  // biome-ignore lint/suspicious/noExplicitAny: assertions look into arbitrary content
  readonly content: Record<string, any>;
  readonly buffers: readonly Uint8Array[];
}

/** All that came back for one request. */
export interface Exchange {
  readonly reply: ReadMessage;
  /** What was published for it, from busy to idle. */
  readonly published: readonly ReadMessage[];
}

/** What a request may carry besides its content. */
export interface RequestOptions {
  readonly channel?: 'shell' | 'control';
  readonly metadata?: object;
  readonly buffers?: readonly Uint8Array[];
  readonly header?: Partial<MessageHeader>;
}

/** The thread of {@link KernelClient.slowestHeartbeat}. */
const HEARTBEATS = `
const { parentPort, workerData } = require('node:worker_threads');
const { Request } = require('zeromq');
const socket = new Request({ linger: 0 });
socket.connect(workerData);
let isStopped = false;
parentPort.once('message', () => { isStopped = true; });
(async () => {
  let slowest = 0;
  while (!isStopped) {
    const begin = performance.now();
    await socket.send('ping');
    await socket.receive();
    slowest = Math.max(slowest, performance.now() - begin);
  }
  parentPort.postMessage(slowest);
})();`;

/** Milliseconds after which a test gives up waiting for a message. */
const PATIENCE = 20_000;

/**
 * Starts the built kernel as Jupyter does and connects a client to it.
 * @param fields what its connection file is to hold besides the usual.
 */
export async function startKernel(
  env: NodeJS.ProcessEnv = {},
  fields: Partial<ConnectionInfo> = {},
): Promise<KernelProcess> {
  const command = [process.execPath, join(root, 'dist/kernel/main.cjs')];
  return await startCommand(command, { JPY_PARENT_PID: String(process.pid), ...env }, fields);
}

/** Starts ipykernel, to compare ours with. */
export async function startIpykernel(): Promise<KernelProcess> {
  const python = process.env.SLIPWAY_PYTHON ?? join(root, '.venv/bin/python');
  return await startCommand([python, '-m', 'ipykernel_launcher', '-f'], {});
}

async function startCommand(
  [program, ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  fields: Partial<ConnectionInfo> = {},
): Promise<KernelProcess> {
  const { connection, path, directory } = await writeConnectionFile(fields);
  // What a kernel leaves for the one that it is restarted as. Without SLIPWAY_URL it would start a
  // server there, which nobody ends.
  const home = env.SLIPWAY_URL ? { SLIPWAY_HOME: directory } : {};
  const child = spawn(program as string, [...args, path], {
    env: { ...process.env, ...home, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kernel = new KernelProcess(child, connection, directory);
  await kernel.client.connected;
  return kernel;
}

/** A kernel whose parent is another process than ours; `stop` kills that parent. */
export async function startOrphanedKernel(
  env: NodeJS.ProcessEnv,
): Promise<{ pid: number; stop(): void }> {
  const { path } = await writeConnectionFile();
  const script = `
    const { spawn } = require('node:child_process');
    const env = { ...process.env, JPY_PARENT_PID: String(process.pid) };
    const kernel = spawn(process.execPath, process.argv.slice(1), { env, stdio: 'ignore' });
    process.stdout.write(String(kernel.pid));
    setInterval(() => {}, 1000);`;
  const args = ['-e', script, '--', join(root, 'dist/kernel/main.cjs'), path];
  const parent = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [pid] = await once(parent.stdout, 'data');
  return { pid: Number(pid), stop: () => parent.kill('SIGKILL') };
}

/** Writes a connection file with free ports into a directory of its own, which is the caller's. */
export async function writeConnectionFile(fields: Partial<ConnectionInfo> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-kernel-'));
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts(5);
  const connection = {
    transport: 'tcp',
    ip: '127.0.0.1',
    shell_port,
    iopub_port,
    stdin_port,
    control_port,
    hb_port,
    key: uuid(),
    signature_scheme: 'hmac-sha256',
    ...fields,
  } as ConnectionInfo;
  const path = join(directory, 'connection.json');
  await writeFile(path, JSON.stringify(connection), { mode: 0o600 });
  return { connection, path, directory };
}

/** A kernel process and its first client. */
export class KernelProcess {
  readonly client: KernelClient;
  readonly ended: Promise<number | null>;
  #stderr = '';

  constructor(
    readonly child: ChildProcess,
    readonly connection: ConnectionInfo,
    private readonly directory: string,
  ) {
    this.client = new KernelClient(connection);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.ended = once(child, 'exit').then(([status]) => status as number | null);
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Asks the kernel to end, makes sure that it does, and cleans up. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await within(this.ended, 'the end of the kernel', 10_000).finally(() => {
      this.child.kill('SIGKILL');
    });
    this.client.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A Jupyter client: signs, sends, and keeps all that comes back. */
export class KernelClient {
  readonly received: ReadMessage[] = [];
  /**
   * Resolves when the kernel has welcomed our subscription and can ask us something: from now on
   * nothing is missed.
   */
  readonly connected: Promise<ReadMessage>;
  readonly session = uuid();
  readonly #signer: Signer;
  readonly #identity = uuid();
  readonly #sockets: Record<'shell' | 'control' | 'stdin', Dealer>;
  readonly #iopub: Subscriber;
  readonly #waiting = new Set<(message: ReadMessage) => void>();

  constructor(private readonly connection: ConnectionInfo) {
    this.#signer = new Signer(connection.key, connection.signature_scheme);
    const options = { linger: 0, ...curveClientOptions(connection) };
    const dealer = () => new Dealer({ routingId: this.#identity, ...options });
    this.#iopub = new Subscriber({ receiveHighWaterMark: 0, ...options });
    this.#sockets = { shell: dealer(), control: dealer(), stdin: dealer() };
    // A router drops what it sends to a client that it does not know yet.
    const known = new Promise((resolve) => this.#sockets.stdin.events.on('handshake', resolve));
    const welcome = this.next((message) => message.type === 'iopub_welcome');
    this.connected = known.then(() => welcome);
    for (const channel of ['shell', 'control', 'stdin'] as const) {
      this.#sockets[channel].connect(endpoint(connection, connection[`${channel}_port`]));
      void this.#read(this.#sockets[channel], channel);
    }
    this.#iopub.connect(endpoint(connection, connection.iopub_port));
    this.#iopub.subscribe('');
    void this.#read(this.#iopub, 'iopub');
  }

  /** Sends a request and returns its id. */
  async send(type: string, content: object, options: RequestOptions = {}): Promise<string> {
    const { channel = 'shell', metadata = {}, buffers = [], header: extra = {} } = options;
    const header = { ...createHeader(type, this.session, 'tester'), ...extra };
    const message = createMessage(header, content, { metadata, buffers });
    await this.sendFrames(channel, encodeZmqFrames([], message, this.#signer));
    return header.msg_id;
  }

  async sendFrames(channel: 'shell' | 'control' | 'stdin', frames: Uint8Array[]): Promise<void> {
    await this.#sockets[channel].send(frames);
  }

  /** Sends a request and waits for its reply and for its `idle`. */
  async request(type: string, content: object, options?: RequestOptions): Promise<Exchange> {
    return await this.exchange(await this.send(type, content, options));
  }

  /** Runs a cell as a notebook does, unless `content` says otherwise. */
  async execute(code: string, content: object = {}): Promise<Exchange> {
    return await this.exchange(await this.sendCell(code, content));
  }

  async sendCell(
    code: string,
    content: object = {},
    options: RequestOptions = {},
  ): Promise<string> {
    const defaults = {
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
    };
    return await this.send('execute_request', { ...defaults, code, ...content }, options);
  }

  /** Waits for the reply and the `idle` of a request that has been sent. */
  async exchange(id: string): Promise<Exchange> {
    const isOurs = (message: ReadMessage) => message.parent.msg_id === id;
    await this.idle(id);
    const reply = await this.next(
      (message) =>
        isOurs(message) && (message.channel === 'shell' || message.channel === 'control'),
    );
    return { reply, published: this.publishedFor(id) };
  }

  /** Waits for the `idle` of a request. */
  async idle(id: string): Promise<ReadMessage> {
    return await this.next(
      ({ parent, type, content }) =>
        parent.msg_id === id && type === 'status' && content.execution_state === 'idle',
    );
  }

  publishedFor(id: string): ReadMessage[] {
    return this.received.filter(
      ({ channel, parent }) => channel === 'iopub' && parent.msg_id === id,
    );
  }

  /** Answers a question on stdin. */
  async answer(value: string): Promise<void> {
    const header = createHeader('input_reply', this.session, 'tester');
    const frames = encodeZmqFrames([], createMessage(header, { value }), this.#signer);
    await this.#sockets.stdin.send(frames);
  }

  /** The first message that matches, received or still to come. */
  async next(matches: (message: ReadMessage) => boolean): Promise<ReadMessage> {
    const known = this.received.find(matches);
    if (known !== undefined) return known;
    let listener: ((message: ReadMessage) => void) | undefined;
    const found = new Promise<ReadMessage>((resolve) => {
      listener = (message) => {
        if (matches(message)) resolve(message);
      };
      this.#waiting.add(listener);
    });
    return await within(found, `a message (${matches})`, PATIENCE).finally(() => {
      if (listener !== undefined) this.#waiting.delete(listener);
    });
  }

  /**
   * Sends heartbeats one after the other until `done` is settled. From a thread of its own, whose
   * event loop is not the one that reads what the kernel publishes.
   * @returns milliseconds that the slowest took there and back.
   */
  async slowestHeartbeat(done: Promise<unknown>): Promise<number> {
    const address = endpoint(this.connection, this.connection.hb_port);
    const thread = new Worker(HEARTBEATS, { eval: true, workerData: address });
    await done;
    thread.postMessage('stop');
    const [slowest] = await within(once(thread, 'message'), 'the heartbeats', PATIENCE);
    await thread.terminate();
    return slowest as number;
  }

  close(): void {
    for (const socket of [...Object.values(this.#sockets), this.#iopub]) socket.close();
  }

  async #read(socket: AsyncIterable<Buffer[]>, channel: Channel): Promise<void> {
    for await (const frames of socket) {
      const { message } = decodeZmqFrames(frames, this.#signer);
      const header = decodeDict(message.header, 'header') as unknown as MessageHeader;
      const read: ReadMessage = {
        channel,
        type: header.msg_type,
        header,
        parent: decodeDict(message.parentHeader, 'parent header'),
        metadata: decodeDict(message.metadata, 'metadata'),
        content: decodeDict(message.content, 'content'),
        buffers: message.buffers,
      };
      this.received.push(read);
      for (const listener of [...this.#waiting]) listener(read);
    }
  }
}

/** How a client speaks CurveZMQ with a kernel, where its connection file has keys. */
export function curveClientOptions({ curve_publickey, curve_secretkey }: ConnectionInfo) {
  if (curve_publickey === undefined || curve_secretkey === undefined) return {};
  // As jupyter_client does: the pair of the file is both sides'.
  return {
    curvePublicKey: curve_publickey,
    curveSecretKey: curve_secretkey,
    curveServerKey: curve_publickey,
  };
}

/** Waits for a promise with a limit in milliseconds, and says for what it waited in vain. */
export async function within<T>(promise: Promise<T>, what: string, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${limit} ms for ${what}.`)), limit);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
