import type { TokenPair } from '../api/index.js';
import { LoginFailedError, ServerUnreachableError } from './errors.js';

/** How a user proves who they are. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'token';
      readonly token: string;
      /** Milliseconds since the epoch, where it is known. */
      readonly expiresAt?: number;
    };

/** Credentials that the server does not take, and what it said. */
export interface Refusal {
  readonly credentials: Credentials;
  readonly error: LoginFailedError;
  /** How many have been refused one after the other, these included. */
  readonly attempt: number;
}

/** Where credentials come from. */
export interface CredentialSource {
  /** Name of the user, where it is known. */
  readonly username: string | undefined;
  /**
   * Credentials; others than those that were refused. It may take as long as a person takes.
   * @throws {LoginFailedError} when there are no others.
   */
  get(refusal?: Refusal): Promise<Credentials>;
  /** Withdraws a question to the user that is still open. */
  close(): void;
}

/** Credentials that are known, and of which there are no others. */
export function knownCredentials(credentials: Credentials): CredentialSource {
  return {
    username: credentials.kind === 'password' ? credentials.username : undefined,
    async get(refusal) {
      if (refusal !== undefined) throw refusal.error;
      return credentials;
    },
    close: () => undefined,
  };
}

/** The routes that hand out tokens; each throws {LoginFailedError} when it is refused. */
export interface TokenRoutes {
  login(username: string, password: string): Promise<TokenPair>;
  renew(refreshToken: string): Promise<TokenPair>;
}

/** A token is renewed when this share of its life is left, a minute at most. */
const RENEWAL_SHARE = 0.1;
const RENEWAL_LIMIT_MS = 60_000;
/** Kernels that were started together do not all renew together: this share of the margin varies. */
const JITTER_SHARE = 0.5;
/** Milliseconds between renewals at least, whatever life the server gives its tokens. */
const SHORTEST_DELAY_MS = 1000;
/** Milliseconds after which a renewal is tried again that the server did not answer. */
const RETRY_MS = 5000;
/** The longest delay of a timer of Node's, 24.8 days; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The token in use. */
interface Held {
  readonly token: string;
  readonly refreshToken?: string;
  /** What it came from, where it was not handed out by a login. */
  readonly credentials?: Credentials;
  /** Milliseconds since the epoch by this machine's clock, which may differ from the server's. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

/** A renewal under way. */
interface Renewal {
  readonly token: Promise<string>;
  /** Resolves when it has come to wait for other credentials, which a person may have to give. */
  readonly asks: Promise<void>;
}

/**
 * Keeps one valid access token: it logs in on first use, renews ahead of time with the refresh
 * token, whether somebody asks for it or not, and logs in again when that is refused. Concurrent
 * callers share one renewal.
 */
export class TokenKeeper {
  #held: Held | undefined;
  #renewal: Renewal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly routes: TokenRoutes,
    private readonly source: () => CredentialSource,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * A token that is valid now.
   * @throws {LoginFailedError}
   */
  async token(): Promise<string> {
    const held = this.#held;
    if (held === undefined) return await this.#renew().token;
    if (this.now() < held.renewAt) return held.token;
    const { token, asks } = this.#renew();
    try {
      // A token that still holds does not wait for a person.
      return await Promise.race([token, asks.then(() => this.#remaining(held) ?? token)]);
    } catch (error) {
      const remaining = this.#remaining(held);
      if (remaining === undefined) throw error;
      return remaining;
    }
  }

  /**
   * A token in place of one that the server has refused.
   * @throws {LoginFailedError} when there is nothing to get another one with.
   */
  async replace(refused: string): Promise<string> {
    if (this.#held !== undefined && this.#held.token !== refused) return await this.token();
    return await this.#renew().token;
  }

  /** Forgets the token at hand: it is that of a server that is not there any more. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#held = undefined;
  }

  /** Renews no more by itself. Idempotent. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #remaining({ token, expiresAt }: Held): string | undefined {
    return this.now() < expiresAt ? token : undefined;
  }

  #renew(): Renewal {
    if (this.#renewal === undefined) {
      const { promise: asks, resolve: onAsk } = Promise.withResolvers<void>();
      const token = this.#obtain(onAsk).finally(() => {
        this.#renewal = undefined;
      });
      this.#renewal = { token, asks };
    }
    return this.#renewal;
  }

  async #obtain(onAsk: () => void): Promise<string> {
    const last = this.#held;
    const renewed = await this.#renewed(last?.refreshToken);
    if (renewed !== undefined) return this.#hold(heldPair(renewed, this.now()));
    let refusal = refusalOf(last?.credentials);
    for (let attempt = 1; ; attempt += 1) {
      if (refusal !== undefined) onAsk();
      const credentials = await this.source().get(refusal);
      try {
        return this.#hold(await this.#logIn(credentials));
      } catch (error) {
        if (!(error instanceof LoginFailedError)) throw error;
        refusal = { credentials, error, attempt };
      }
    }
  }

  async #logIn(credentials: Credentials): Promise<Held> {
    if (credentials.kind === 'token') {
      const { token, expiresAt = Number.POSITIVE_INFINITY } = credentials;
      const life = Math.max(0, expiresAt - this.now());
      return { token, credentials, expiresAt, renewAt: expiresAt - renewalMargin(life) };
    }
    const { username, password } = credentials;
    return heldPair(await this.routes.login(username, password), this.now());
  }

  /** A new pair for the refresh token at hand, or undefined when there is none or it is refused. */
  async #renewed(refreshToken: string | undefined): Promise<TokenPair | undefined> {
    if (refreshToken === undefined) return undefined;
    try {
      return await this.routes.renew(refreshToken);
    } catch (error) {
      if (!(error instanceof LoginFailedError)) throw error;
      return undefined;
    }
  }

  #hold(held: Held): string {
    this.#held = held;
    this.#renewAhead(held.renewAt - this.now());
    return held.token;
  }

  /** Renews by itself, so that the token holds while a long cell asks for nothing. */
  #renewAhead(delay: number): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || !Number.isFinite(delay)) return;
    this.#timer = setTimeout(
      () => {
        if (delay > LONGEST_DELAY_MS) {
          this.#renewAhead(delay - LONGEST_DELAY_MS);
          return;
        }
        this.#renew().token.catch((error: unknown) => this.#renewalFailed(error));
      },
      Math.min(Math.max(SHORTEST_DELAY_MS, delay), LONGEST_DELAY_MS),
    );
    this.#timer.unref();
  }

  /** Nobody waits for it: who needs a token next meets the same failure, and is told. */
  #renewalFailed(error: unknown): void {
    const isPassing = error instanceof ServerUnreachableError;
    if (isPassing && this.#held !== undefined && this.now() < this.#held.expiresAt) {
      this.#renewAhead(RETRY_MS);
    }
  }
}

/** A token that the server refused, where there is no refresh token to replace it with. */
function refusalOf(credentials: Credentials | undefined): Refusal | undefined {
  if (credentials === undefined) return undefined;
  const error = new LoginFailedError(
    'The server refuses the access token: it has expired or was revoked.',
  );
  return { credentials, error, attempt: 1 };
}

function heldPair(pair: TokenPair, now: number): Held {
  const life = pair.expires_in * 1000;
  return {
    token: pair.access_token,
    refreshToken: pair.refresh_token,
    renewAt: now + life - renewalMargin(life),
    expiresAt: now + life,
  };
}

/** Milliseconds before its end at which a token is renewed. */
function renewalMargin(life: number): number {
  const margin = Math.min(RENEWAL_LIMIT_MS, life * RENEWAL_SHARE);
  return margin * (1 - JITTER_SHARE * Math.random());
}
