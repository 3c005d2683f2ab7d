import type { User } from './types.js';

/**
 * Milliseconds that an answer is kept. Another process, such as `slipway user password`, can end
 * logins; that takes effect within this time.
 */
const FRESH = 60_000;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly user: User;
  /** Absent for a token of another issuer. */
  readonly loginId: string | undefined;
  /** Milliseconds of the clock. */
  readonly until: number;
}

/** What a token was checked against. */
export interface CheckedLogin {
  readonly loginId: string;
  readonly since: number;
}

/** Access tokens that were checked a moment ago. The oldest go when there are too many. */
export class TokenCache {
  readonly #entries = new Map<string, Entry>();
  #changes = 0;

  /** How often something has been forgotten. */
  get changes(): number {
    return this.#changes;
  }

  find(token: string): User | undefined {
    const entry = this.#entries.get(token);
    if (entry === undefined) {
      return undefined;
    }
    if (entry.until <= Date.now()) {
      this.#entries.delete(token);
      return undefined;
    }
    return entry.user;
  }

  /**
   * @param expiresAt Unix seconds
   * @param own of a token that this server has handed out: its login, and {@link changes} from
   * before it was checked; what was forgotten meanwhile is not kept again
   */
  add(token: string, user: User, expiresAt: number, own?: CheckedLogin): void {
    if (own !== undefined && own.since !== this.#changes) return;
    const until = Math.min(Date.now() + FRESH, expiresAt * 1000);
    this.#entries.delete(token);
    this.#entries.set(token, { user, loginId: own?.loginId, until });
    if (this.#entries.size > MAX_ENTRIES) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest as string);
    }
  }

  forgetLogin(loginId: string): void {
    this.#forget((entry) => entry.loginId === loginId);
  }

  forgetUser(name: string): void {
    this.#forget((entry) => entry.user.name === name);
  }

  #forget(matches: (entry: Entry) => boolean): void {
    this.#changes += 1;
    for (const [token, entry] of this.#entries) {
      if (matches(entry)) {
        this.#entries.delete(token);
      }
    }
  }
}
