import { LoginsBusyError, TooManyLoginsError } from './errors.js';

/** Wrong passwords in a row that cost no wait. */
const FREE_FAILURES = 5;
/** Seconds. */
const LONGEST_WAIT = 60;
/** Milliseconds without an attempt after which failures are forgotten. */
const MEMORY = 15 * 60 * 1000;
const MAX_ENTRIES = 10_000;
/** Password checks at the same time: each holds 32 MiB and a thread. */
const MAX_CHECKS = 2;
/** Logins that wait for a check: a few seconds of work. */
const MAX_WAITING = 64;

interface Failures {
  count: number;
  /** Milliseconds of the clock. */
  last: number;
}

/**
 * Slows down guessing: after five wrong passwords for one user from one address, each further one
 * doubles the time until the next is looked at. It also bounds how many passwords are checked at
 * once, so that a flood of logins leaves threads for everything else.
 */
export class LoginGuard {
  readonly #failures = new Map<string, Failures>();
  readonly #now: () => number;
  #checks = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * Runs a check of a password and remembers its outcome.
   * @throws {TooManyLoginsError} without running it when the user and address must wait
   * @throws {LoginsBusyError} without running it when too many others wait already
   */
  async attempt(user: string, address: string, check: () => Promise<boolean>): Promise<boolean> {
    const key = JSON.stringify([user.slice(0, 256), address]);
    this.#refuseEarly(key);
    await this.#enter();
    let correct = false;
    try {
      this.#refuseEarly(key);
      correct = await check();
    } finally {
      this.#leave();
    }
    if (correct) {
      this.#failures.delete(key);
    } else {
      this.#remember(key);
    }
    return correct;
  }

  #refuseEarly(key: string): void {
    const failures = this.#failures.get(key);
    if (failures === undefined || failures.count < FREE_FAILURES) {
      return;
    }
    const wait = Math.min(2 ** (failures.count - FREE_FAILURES), LONGEST_WAIT) * 1000;
    const left = failures.last + wait - this.#now();
    if (left > 0) {
      throw new TooManyLoginsError(Math.ceil(left / 1000));
    }
  }

  #remember(key: string): void {
    const now = this.#now();
    const before = this.#failures.get(key);
    const count = before !== undefined && now - before.last < MEMORY ? before.count + 1 : 1;
    this.#failures.delete(key);
    this.#failures.set(key, { count, last: now });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= MAX_ENTRIES) {
        break;
      }
      this.#failures.delete(oldest);
    }
  }

  async #enter(): Promise<void> {
    if (this.#checks < MAX_CHECKS) {
      this.#checks += 1;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      throw new LoginsBusyError();
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#checks -= 1;
    } else {
      next();
    }
  }
}
