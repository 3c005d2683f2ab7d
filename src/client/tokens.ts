import type { TokenPair } from '../api/index.js';
import { LoginFailedError } from './errors.js';

/** How a user proves who they are. */
export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

/** The routes that hand out tokens; each throws {LoginFailedError} when it is refused. */
export interface TokenRoutes {
  login(username: string, password: string): Promise<TokenPair>;
  renew(refreshToken: string): Promise<TokenPair>;
}

/** A token is renewed when this share of its life is left, a minute at most. */
const RENEWAL_SHARE = 0.1;
const RENEWAL_LIMIT_MS = 60_000;

/**
 * Keeps one valid access token: it logs in on first use, renews ahead of time with the refresh
 * token, and logs in again when that is refused. Concurrent callers share one renewal.
 */
export class TokenKeeper {
  #pair: TokenPair | undefined;
  /** Milliseconds since the epoch by this machine's clock, which may differ from the server's. */
  #renewAt = 0;
  #pending: Promise<string> | undefined;

  constructor(
    private readonly routes: TokenRoutes,
    private readonly credentials: () => Credentials,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * A token that is valid now.
   * @throws {LoginFailedError}
   */
  async token(): Promise<string> {
    const credentials = this.credentials();
    if (credentials.kind === 'token') return credentials.token;
    if (this.#pair !== undefined && this.now() < this.#renewAt) return this.#pair.access_token;
    return this.#renewOnce();
  }

  /**
   * A token in place of one that the server has refused.
   * @throws {LoginFailedError} when there is nothing to get another one with.
   */
  async replace(refused: string): Promise<string> {
    if (this.credentials().kind === 'token') {
      throw new LoginFailedError(
        'The server refuses the access token: it has expired or was revoked. Get a new one and connect again.',
      );
    }
    if (this.#pair !== undefined && this.#pair.access_token !== refused) return this.token();
    return this.#renewOnce();
  }

  /** The refresh token to revoke when the user leaves. */
  get refreshToken(): string | undefined {
    return this.#pair?.refresh_token;
  }

  forget(): void {
    this.#pair = undefined;
  }

  #renewOnce(): Promise<string> {
    this.#pending ??= this.#obtain().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #obtain(): Promise<string> {
    const credentials = this.credentials();
    if (credentials.kind === 'token') return credentials.token;
    const pair =
      (await this.#renewed()) ??
      (await this.routes.login(credentials.username, credentials.password));
    const life = pair.expires_in * 1000;
    this.#pair = pair;
    this.#renewAt = this.now() + life - Math.min(RENEWAL_LIMIT_MS, life * RENEWAL_SHARE);
    return pair.access_token;
  }

  /** A new pair for the refresh token at hand, or undefined when that is refused. */
  async #renewed(): Promise<TokenPair | undefined> {
    if (this.#pair === undefined) return undefined;
    try {
      return await this.routes.renew(this.#pair.refresh_token);
    } catch (error) {
      if (!(error instanceof LoginFailedError)) throw error;
      this.#pair = undefined;
      return undefined;
    }
  }
}
