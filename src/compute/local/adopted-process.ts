import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessEnd } from '../types.js';
import { type ProcessGroup, signalGroup } from './child-process.js';

/** Milliseconds between two looks at whether a killed process is gone. */
const LOOK_INTERVAL = 10;

/**
 * The group of a process that a server before this one has started. The system tells of its end
 * only who started it: here its socket does, which nobody answers any more.
 */
export class AdoptedGroup implements ProcessGroup {
  readonly ended: Promise<ProcessEnd>;
  readonly #isAlive: () => Promise<boolean>;
  readonly #end: (end: ProcessEnd) => void;
  #hasEnded = false;

  /** @param isAlive asks whether the process still answers at its socket */
  constructor(
    readonly pid: number,
    isAlive: () => Promise<boolean>,
  ) {
    this.#isAlive = isAlive;
    const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
    this.ended = promise;
    this.#end = resolve;
  }

  /** Says that nobody answers at its socket. Idempotent. */
  unreachable(): void {
    if (this.#hasEnded) return;
    this.signal('SIGKILL');
    this.#hasEnded = true;
    this.#end({ status: null, signal: null, stderrTail: '' });
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) signalGroup(this.pid, signal);
  }

  async kill(): Promise<ProcessEnd> {
    this.signal('SIGKILL');
    while (!this.#hasEnded && (await this.#isAlive())) await delay(LOOK_INTERVAL);
    this.unreachable();
    return await this.ended;
  }

  release(): void {
    // This process does not wait for what is not its child.
  }
}
