import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionInfo } from '../src/jupyter/index.js';

/** How a kernel is started: what Jupyter reads in a kernelspec. */
export interface KernelCommand {
  /** Its command line, with `{connection_file}` where Jupyter puts the file's name. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Bytes of a kernel's standard error that are kept, for the message when it fails. */
const KEPT_STDERR = 4000;

const running = new Set<KernelProcess>();
// Whatever ends the bench, a signal or an error, no kernel outlives it.
process.on('exit', () => {
  for (const kernel of running) kernel.kill();
});

/** The process of a kernel that is measured, with its connection file in a folder of its own. */
export class KernelProcess {
  readonly #directory = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #stderr = '';

  constructor(command: KernelCommand, info: ConnectionInfo) {
    const file = join(this.#directory, 'connection.json');
    writeFileSync(file, JSON.stringify(info), { mode: 0o600 });
    const [program, ...args] = command.argv.map((part) => part.replace('{connection_file}', file));
    this.#child = spawn(program as string, args, {
      cwd: this.#directory,
      env: { ...process.env, ...command.env },
      stdio: ['ignore', 'ignore', 'pipe'],
      // As Jupyter does: ipykernel interrupts its whole process group.
      detached: true,
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-KEPT_STDERR);
    });
    this.#ended = once(this.#child, 'exit');
    running.add(this);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Rejects when the process ends; never resolves. */
  async failure(): Promise<never> {
    const end = await this.#ended;
    throw new Error(`A kernel ended (${end}) while it was measured.\n${this.#stderr}`);
  }

  /** Waits for the end of the process, which has been asked to end. */
  async ended(): Promise<void> {
    await this.#ended;
    this.#forget();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
    this.#forget();
  }

  #forget(): void {
    running.delete(this);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A connection on free ports of this machine. */
export async function freeConnection(): Promise<ConnectionInfo> {
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts();
  return {
    transport: 'tcp',
    ip: '127.0.0.1',
    shell_port,
    iopub_port,
    stdin_port,
    control_port,
    hb_port,
    key: randomBytes(16).toString('hex'),
    signature_scheme: 'hmac-sha256',
  };
}

async function freePorts(): Promise<[number, number, number, number, number]> {
  const probes = await Promise.all([probe(), probe(), probe(), probe(), probe()]);
  const ports = probes.map((server) => (server.address() as { port: number }).port);
  await Promise.all(probes.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [number, number, number, number, number];
}

async function probe() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
