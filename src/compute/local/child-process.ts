import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { ProcessEnd } from '../types.js';
import { ownEnvironment } from './isolation/environment.js';

/** Bytes of a process's standard error that are kept for messages. */
const STDERR_TAIL = 8 * 1024;

/**
 * Milliseconds that a dead process's standard error may stay open. A process that the dead one
 * started in a session of its own can hold the pipe for ever; its output is not waited for.
 */
const STDERR_DEADLINE = 250;

/** Milliseconds that a process has to end after the one that it waits for. */
const RELAY_DEADLINE = 1000;

/** A shell and its like tell of a signal by an exit status above this. */
const SIGNAL_STATUS = 128;

export interface ChildOptions {
  /** Absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Its environment; by default the server's without the variables that are its secrets. */
  readonly env?: NodeJS.ProcessEnv;
  /** The account (uid and gid) that it runs as; by default the server's. */
  readonly account?: number;
  /**
   * Whether it only waits for the process that is meant, and ends with 128 and the number of a
   * signal where that was killed.
   */
  readonly isRelayed?: boolean;
  /** `pipe` for both where the process is spoken to over its standard streams. */
  readonly stdio?: 'ignore' | 'pipe';
  /** File descriptor for its standard error, which else is read into the end's `stderrTail`. */
  readonly stderr?: number;
}

/** A process together with what it has started in its group. */
export interface ProcessGroup {
  readonly pid: number;
  /** Resolves once, when the process is gone. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Sends a signal to the process and all that it started in its group; no-op once it ended. */
  signal(signal: NodeJS.Signals): void;
  /** Kills the process and its group and waits until it is gone. Idempotent. */
  kill(): Promise<ProcessEnd>;
  /** Lets this process end before that one. */
  release(): void;
}

/**
 * A child process with a process group of its own, so that it can be signalled together with
 * what it started. Use {@link startChild}.
 */
export class ChildGroup implements ProcessGroup {
  /** Resolves once, when the process is gone and its standard error is read. Never rejects. */
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #pid: number;
  readonly #isRelayed: boolean;
  #hasEnded = false;

  constructor(child: ChildProcess, pid: number, isRelayed = false) {
    this.#child = child;
    this.#pid = pid;
    this.#isRelayed = isRelayed;
    const tail = new StderrTail(child.stderr);
    this.ended = new Promise((resolve) => {
      child.once('exit', (status, signal) => {
        // The leader is gone, but what it started in its group may not be.
        this.signal('SIGKILL');
        this.#hasEnded = true;
        const finish = () => {
          clearTimeout(deadline);
          const end = { status, signal, stderrTail: tail.text() };
          resolve(isRelayed ? unrelayed(end) : end);
        };
        const deadline = setTimeout(() => child.stderr?.destroy(), STDERR_DEADLINE);
        child.once('close', finish);
      });
    });
  }

  get pid(): number {
    return this.#pid;
  }

  /** The process's standard input; present when started with `stdio: 'pipe'`. */
  get stdin(): Writable {
    if (!this.#child.stdin) throw new TypeError('The process was started without a stdin pipe.');
    return this.#child.stdin;
  }

  /** The process's standard output; present when started with `stdio: 'pipe'`. */
  get stdout(): Readable {
    if (!this.#child.stdout) throw new TypeError('The process was started without a stdout pipe.');
    return this.#child.stdout;
  }

  /** Sends a signal to the process and all that it started in its group; no-op once it ended. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) signalGroup(this.#pid, signal);
  }

  /** Kills the process and its group and waits until it is gone. Idempotent. */
  async kill(): Promise<ProcessEnd> {
    // Who waits for the process that is meant sees to its remains and ends then, with the whole
    // group; killed with it, it would leave them to the init of the machine, which may be slow.
    const isToFollow = this.#isRelayed && !this.#hasEnded && killChildren(this.#pid);
    const kill = () => this.signal('SIGKILL');
    if (!isToFollow) kill();
    const deadline = setTimeout(kill, RELAY_DEADLINE);
    const end = await this.ended;
    clearTimeout(deadline);
    return end;
  }

  release(): void {
    this.#child.unref();
  }

  /** Asks the group to end by SIGTERM and kills it after `graceMs`. Idempotent. */
  async terminate(graceMs: number): Promise<ProcessEnd> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Starts a process in a group of its own.
 * @throws {ProcessStartError} when the program cannot be run.
 */
export function startChild(options: ChildOptions): Promise<ChildGroup> {
  const stream = options.stdio ?? 'ignore';
  const stdio: StdioOptions = [stream, stream, options.stderr ?? 'pipe'];
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: options.env ?? ownEnvironment(process.env),
    stdio,
    detached: true,
    ...(options.account === undefined ? {} : { uid: options.account, gid: options.account }),
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new ProcessStartError(
          `${options.command} could not be started: ${error.message}. Set SLIPWAY_PYTHON to the path of a Python interpreter that has ipykernel.`,
          { cause: error },
        ),
      );
    });
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve(new ChildGroup(child, child.pid, options.isRelayed));
    });
  });
}

/** Sends a signal to a process group; one that is already empty is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  signalProcess(-pid, signal);
}

/** Sends a signal to a process, or to the group of a negative number; one that is gone is fine. */
function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Kills what a process waits for. @returns whether there was something, as far as is known */
function killChildren(pid: number): boolean {
  let children: string;
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch (error) {
    // The process has ended, or the system does not tell.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const pids = children
    .split(' ')
    .map(Number)
    .filter((child) => child > 1);
  for (const child of pids) signalProcess(child, 'SIGKILL');
  return pids.length > 0;
}

/** The end of the process that another has waited for. */
function unrelayed(end: ProcessEnd): ProcessEnd {
  const number = (end.status ?? 0) - SIGNAL_STATUS;
  const signal = Object.entries(constants.signals).find(([, each]) => each === number)?.[0];
  return signal === undefined ? end : { ...end, status: null, signal };
}

/** How a process ended, as the end of a sentence: `was killed by SIGKILL`, `exited with status 1`. */
export function describeEnd(end: ProcessEnd): string {
  if (end.signal === 'SIGKILL') {
    return 'was killed by SIGKILL (the system does that when memory runs out)';
  }
  if (end.signal !== null) return `was killed by ${end.signal}`;
  // Only the process that started another is told how it ended.
  if (end.status === null) return 'has ended';
  return `exited with status ${end.status}`;
}

/** Keeps the last bytes of a stream that nobody else reads. */
class StderrTail {
  #bytes = Buffer.alloc(0);

  constructor(stream: Readable | null) {
    stream?.on('data', (chunk: Buffer) => {
      const joined = Buffer.concat([this.#bytes, chunk]);
      this.#bytes = Buffer.from(joined.subarray(Math.max(0, joined.byteLength - STDERR_TAIL)));
    });
  }

  text(): string {
    return this.#bytes.toString().trim();
  }
}

/** Thrown when a program cannot be run at all: it is missing or not executable. */
export class ProcessStartError extends Error {
  readonly code = 'PROCESS_START';
  override readonly name = 'ProcessStartError';
}
