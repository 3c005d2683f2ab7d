import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

interface Pending {
  resolve: () => void;
  idle: boolean;
  replied: boolean;
  reply?: Record<string, unknown>;
  streamBytes: number;
}

/**
 * The least client that can drive a kernel, the same for ours and for ipykernel, so that what is
 * measured is the kernel. A request is over when both its reply and its `idle` have arrived.
 */
export class KernelUnderTest {
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #signer: Signer;
  readonly #shell = new Dealer({ linger: 0, receiveHighWaterMark: 0, sendHighWaterMark: 0 });
  readonly #control = new Dealer({ linger: 1000 });
  readonly #iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  readonly #session = randomBytes(16).toString('hex');
  readonly #pending = new Map<string, Pending>();

  private constructor(process: ChildProcess, directory: string, info: ConnectionInfo) {
    this.#process = process;
    this.#directory = directory;
    this.#signer = new Signer(info.key, info.signature_scheme);
    this.#shell.connect(endpoint(info, info.shell_port));
    this.#control.connect(endpoint(info, info.control_port));
    this.#iopub.connect(endpoint(info, info.iopub_port));
    this.#iopub.subscribe('');
    this.#listen(this.#shell).catch(reportUnlessClosed);
    this.#listen(this.#iopub).catch(reportUnlessClosed);
  }

  /**
   * Starts a kernel and connects to it.
   * @param argv its command line, with `{connection_file}` where Jupyter puts the file's name.
   */
  static async start(
    argv: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<KernelUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
    const [shell, iopub, stdin, control, hb] = await freePorts(5);
    const info: ConnectionInfo = {
      transport: 'tcp',
      ip: '127.0.0.1',
      shell_port: shell as number,
      iopub_port: iopub as number,
      stdin_port: stdin as number,
      control_port: control as number,
      hb_port: hb as number,
      key: randomBytes(16).toString('hex'),
      signature_scheme: 'hmac-sha256',
    };
    const file = join(directory, 'connection.json');
    await writeFile(file, JSON.stringify(info), { mode: 0o600 });
    const [command, ...args] = argv.map((part) => part.replace('{connection_file}', file));
    const child = spawn(command as string, args, {
      cwd: directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return new KernelUnderTest(child, directory, info);
  }

  /** Resident memory of the kernel's process in bytes, from Linux's /proc. */
  get pid(): number {
    return this.#process.pid as number;
  }

  /**
   * Asks for `kernel_info` until an answer and its `idle` have come: messages sent before a kernel
   * subscribes its publisher are lost, so the first ones may go unanswered on IOPub.
   */
  async ready(): Promise<void> {
    for (;;) {
      const answered = this.#request('kernel_info_request', {});
      const timeout = new Promise<'late'>((resolve) => setTimeout(resolve, 100, 'late').unref());
      if ((await Promise.race([answered.then(() => 'answered'), timeout])) === 'answered') return;
    }
  }

  /** Runs a cell. Resolves with the bytes of stream content that it published. */
  async execute(code: string): Promise<{ streamBytes: number }> {
    const { reply, streamBytes } = await this.#request('execute_request', {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
    });
    if (reply?.status !== 'ok') {
      throw new Error(`A benchmark's cell failed: ${JSON.stringify(reply)}`);
    }
    return { streamBytes };
  }

  async kernelInfo(): Promise<void> {
    await this.#request('kernel_info_request', {});
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    await this.#control.send(this.#encode('shutdown_request', { restart: false }).frames);
    await ended;
    for (const socket of [this.#shell, this.#control, this.#iopub]) socket.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #encode(type: string, content: object): { id: string; frames: Uint8Array[] } {
    const header = createHeader(type, this.#session, 'bench');
    return {
      id: header.msg_id,
      frames: encodeZmqFrames([], createMessage(header, content), this.#signer),
    };
  }

  async #request(type: string, content: object): Promise<Pending> {
    const { id, frames } = this.#encode(type, content);
    const done = Promise.withResolvers<void>();
    const pending: Pending = { resolve: done.resolve, idle: false, replied: false, streamBytes: 0 };
    this.#pending.set(id, pending);
    await this.#shell.send(frames);
    await done.promise;
    return pending;
  }

  async #listen(socket: Dealer | Subscriber): Promise<void> {
    for await (const frames of socket) {
      if (frames.length < 5) continue;
      const { message } = decodeZmqFrames(frames, this.#signer);
      const id = parentId(message.parentHeader);
      const pending = id === undefined ? undefined : this.#pending.get(id);
      if (id === undefined || pending === undefined) continue;
      const type = decodeHeader(message.header).msg_type;
      if (socket instanceof Dealer) {
        pending.replied = true;
        pending.reply = decodeDict(message.content, 'content');
      } else if (type === 'stream') {
        pending.streamBytes += message.content.byteLength;
      } else if (type === 'status') {
        pending.idle = decodeDict(message.content, 'content').execution_state === 'idle';
      }
      if (pending.replied && pending.idle) {
        this.#pending.delete(id);
        pending.resolve();
      }
    }
  }
}

function reportUnlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EAGAIN' && error.code !== 'ENOTSOCK') throw error;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
