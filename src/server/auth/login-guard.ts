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
/** Wrong passwords from one address, for whatever users, that cost no wait. */
const FREE_FAILURES_OF_ADDRESS = 50;
/** Logins that wait for a check: a few seconds of work. */
const MAX_WAITING = 64;

interface Failures {
  count: number;
  /** Milliseconds of the clock. */
  last: number;
}

/**
 * Slows down guessing: after five wrong passwords for one user from one address, each further one
 * doubles the time until the next is looked at, and so it is after fifty wrong passwords from one
 * address for any users. Other addresses of that user go on, so that nobody is locked out by others.
 * It also bounds how many passwords are checked at
 * once, so that a flood of logins leaves threads for everything else.
 */
export class LoginGuard {
  readonly #failures = new Map<string, Failures>();
  readonly #now: () => number;
  #checks = 0;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param now milliseconds of a clock
   * @param maxChecks checks at the same time
   */
  constructor(
    now: () => number = Date.now,
    private readonly maxChecks = MAX_CHECKS,
  ) {
    this.#now = now;
  }

  /**
   * Runs a check of a password and remembers its outcome.
   * @throws {TooManyLoginsError} without running it when the user and address must wait
   * @throws {LoginsBusyError} without running it when too many others wait already
   */
  async attempt(user: string, address: string, check: () => Promise<boolean>): Promise<boolean> {
    const network = networkOf(address);
    const key = JSON.stringify([sameForDirectories(user), network]);
    const refuseEarly = () => {
      this.#refuseEarly(key, FREE_FAILURES);
      this.#refuseEarly(network, FREE_FAILURES_OF_ADDRESS);
    };
    refuseEarly();
    await this.#enter();
    let correct = false;
    try {
      refuseEarly();
      correct = await check();
    } finally {
      this.#leave();
    }
    if (correct) {
      this.#failures.delete(key);
    } else {
      this.#remember(key);
      this.#remember(network);
    }
    return correct;
  }

  #refuseEarly(key: string, free: number): void {
    const failures = this.#failures.get(key);
    if (failures === undefined || failures.count < free) {
      return;
    }
    const wait = Math.min(2 ** (failures.count - free), LONGEST_WAIT) * 1000;
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
    if (this.#checks < this.maxChecks) {
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

/**
 * A name without what directories ignore when they compare: case, width and blanks. Otherwise each
 * way to write a name would have guesses of its own.
 */
function sameForDirectories(user: string): string {
  return user.slice(0, 256).normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** An address of IPv6 without the half that its owner chooses; one of IPv4 as it is. */
function networkOf(address: string): string {
  const [plain = ''] = address.split('%');
  if (!plain.includes(':') || plain.includes('.')) return plain;
  const [head = '', tail] = plain.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length;
  const all = [...groups, ...Array<string>(Math.max(zeros, 0)).fill('0'), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
