import { timingSafeEqual } from 'node:crypto';
import { v4 } from 'uuid';
import type { TokenPair } from '../../api/index.js';
import type { LoginRecord, Role, Store } from '../store/index.js';
import { wireTime } from '../time.js';
import {
  ACCESS_TOKEN_LIFETIME,
  type Claims,
  loginIdOf,
  signAccessToken,
  verifyAccessToken,
} from './access-tokens.js';
import {
  InvalidRefreshTokenError,
  type LoginAdvice,
  TokenExpiredError,
  TokenRevokedError,
  UnsuitableUserNameError,
  WrongPasswordError,
} from './errors.js';
import { GivenPassword } from './given-password.js';
import { LoginGuard } from './login-guard.js';
import { LocalLoginDisabledError, type OutsideUser } from './openid/index.js';
import { checkPassword, hashPassword, randomPassword } from './passwords.js';
import {
  createRefreshToken,
  parseRefreshToken,
  REFRESH_IDLE_LIFETIME,
  REFRESH_TOTAL_LIFETIME,
  type RefreshToken,
} from './refresh-tokens.js';
import type { SigningKey } from './signing-key.js';
import { TokenCache } from './token-cache.js';

/** Who sends a request. */
export interface User {
  readonly name: string;
  readonly role: Role;
}

/** The account that a new data directory has. */
export const ADMIN = 'admin';

/**
 * The role of an account when no roles are declared, as in R Server:
 * everyone manages their own, `admin` included.
 */
const DEFAULT_ROLE: Role = 'Contributor';

/** 1 to 128 characters without control characters. */
const USER_NAME = /^\P{Cc}{1,128}$/u;

/** Where users and their tokens come from when they are not this server's own. */
export interface OutsideTokens {
  /** How to get a token that counts. */
  readonly advice: LoginAdvice;
  /** @throws {UnauthorizedError} {IssuerUnavailableError} */
  verify(token: string): Promise<OutsideUser>;
  /** Whether the time of a token is up that was right before. */
  isOver(token: string): boolean;
}

/** Local accounts and the tokens that prove them; or, in place of both, the tokens of an issuer. */
export class Authenticator {
  readonly #store: Store;
  readonly #key: SigningKey;
  readonly #outside: OutsideTokens | undefined;
  readonly #guard = new LoginGuard();
  readonly #verified = new TokenCache();
  #given: GivenPassword | undefined;

  /** @param outside what counts in place of local accounts */
  constructor(store: Store, key: SigningKey, outside?: OutsideTokens) {
    this.#store = store;
    this.#key = key;
    this.#outside = outside;
  }

  /** How to get a token that counts, where that is not `POST /login`. */
  get advice(): LoginAdvice | undefined {
    return this.#outside?.advice;
  }

  /**
   * Whose access token it is. Answers without a promise when the token was checked within the last
   * minute: that is the path of every call of a service.
   * @throws {UnauthorizedError} {IssuerUnavailableError}
   */
  authenticate(token: string): User | Promise<User> {
    return this.#verified.find(token) ?? this.#verify(token);
  }

  /**
   * Tokens for a user who knows their password.
   * @param address from where, for slowing down guesses
   * @throws {WrongPasswordError} {TooManyLoginsError} {LoginsBusyError} {LocalLoginDisabledError}
   */
  async login(username: string, password: string, address: string): Promise<TokenPair> {
    this.#refuseOutsiders();
    const user = await this.#store.users.find(username);
    const isGiven = user !== undefined && this.#given?.isPasswordOf(user.passwordHash, password);
    const correct =
      isGiven ||
      (await this.#guard.attempt(username, address, () =>
        checkPassword(password, user?.passwordHash),
      ));
    if (!correct || user === undefined) {
      throw new WrongPasswordError();
    }
    const now = Date.now();
    await this.#store.logins.deleteOlder(now - REFRESH_IDLE_LIFETIME, now - REFRESH_TOTAL_LIFETIME);
    const refresh = createRefreshToken();
    const accessId = v4();
    await this.#store.logins.insert({
      id: refresh.loginId,
      user: user.name,
      accessId,
      refreshHash: refresh.hash,
      startedAt: now,
      renewedAt: now,
    });
    return this.#pair(user.name, accessId, refresh);
  }

  /**
   * A new pair for a refresh token; the old pair ends. A token that was used before ends its whole
   * login, because one of the two who used it has stolen it.
   * @throws {InvalidRefreshTokenError} {LocalLoginDisabledError}
   */
  async renew(refreshToken: string): Promise<TokenPair> {
    this.#refuseOutsiders();
    const { sent, login } = await this.#findLogin(refreshToken);
    const now = Date.now();
    const next = createRefreshToken(login.id);
    const accessId = v4();
    const rotated = await this.#store.logins.rotate(login.id, sent.hash, {
      accessId,
      refreshHash: next.hash,
      renewedAt: now,
    });
    this.#verified.forgetLogin(login.id);
    if (!rotated) {
      await this.#store.logins.delete(login.id);
      throw new InvalidRefreshTokenError();
    }
    return this.#pair(login.user, accessId, next);
  }

  /**
   * Whether the login goes on that a token was handed out for; the token itself may have expired
   * or been renewed. Of a login at an issuer only the token is known, so that it lasts as long.
   * @param token one that has been checked by {@link authenticate}
   */
  async hasLogin(token: string): Promise<boolean> {
    if (this.#outside !== undefined) return !this.#outside.isOver(token);
    const login = await this.#store.logins.find(loginIdOf(token));
    return login !== undefined && isAlive(login);
  }

  /**
   * Ends the login of a refresh token.
   * @throws {InvalidRefreshTokenError}
   */
  async revoke(refreshToken: string): Promise<void> {
    const { login } = await this.#findLogin(refreshToken);
    await this.#end(login.id);
  }

  /**
   * Creates the account `admin` with a random password where there is none.
   * @returns the password, or undefined when the account was there
   */
  async ensureAdmin(): Promise<string | undefined> {
    if ((await this.#store.users.find(ADMIN)) !== undefined) {
      return undefined;
    }
    const password = randomPassword();
    await this.setPassword(ADMIN, password);
    return password;
  }

  /**
   * Gives `admin` a random password, which logs in without the time that others take: that of an
   * embedded server, which its user's programs read from a file.
   * @returns the password
   */
  async renewAdmin(): Promise<string> {
    const password = randomPassword();
    this.#given = new GivenPassword(password, await this.setPassword(ADMIN, password));
    return password;
  }

  /**
   * Sets the password of an account, which is created when it is new, and ends its logins.
   * @param role of the account; without it, it keeps the one that it has
   * @returns the hash that the account has now
   * @throws {UnsuitablePasswordError} or {UnsuitableUserNameError}
   */
  async setPassword(name: string, password: string, role?: Role): Promise<string> {
    if (!USER_NAME.test(name)) {
      throw new UnsuitableUserNameError();
    }
    const existing = await this.#store.users.find(name);
    const passwordHash = await hashPassword(password);
    await this.#store.users.save({
      name,
      role: role ?? existing?.role ?? DEFAULT_ROLE,
      passwordHash,
      creationTime: wireTime(new Date()),
    });
    await this.#store.logins.deleteOfUser(name);
    this.#verified.forgetUser(name);
    return passwordHash;
  }

  async #verify(token: string): Promise<User> {
    if (this.#outside !== undefined) {
      const { name, expiresAt } = await this.#outside.verify(token);
      const user: User = { name, role: DEFAULT_ROLE };
      this.#verified.add(token, user, expiresAt);
      return user;
    }
    const claims = await verifyAccessToken(this.#key, token);
    const login = await this.#store.logins.find(claims.sid);
    if (login === undefined || login.accessId !== claims.jti || login.user !== claims.sub) {
      throw new TokenRevokedError();
    }
    const record = await this.#store.users.find(claims.sub);
    if (record === undefined) {
      throw new TokenRevokedError();
    }
    if (claims.exp * 1000 <= Date.now()) {
      throw new TokenExpiredError();
    }
    const user: User = { name: record.name, role: record.role };
    this.#verified.add(token, user, claims.exp, claims.sid);
    return user;
  }

  #refuseOutsiders(): void {
    if (this.#outside !== undefined) throw new LocalLoginDisabledError(this.#outside.advice);
  }

  async #findLogin(refreshToken: string): Promise<{ sent: RefreshToken; login: LoginRecord }> {
    const sent = parseRefreshToken(refreshToken);
    const login = sent && (await this.#store.logins.find(sent.loginId));
    if (sent === undefined || login === undefined) {
      throw new InvalidRefreshTokenError();
    }
    const isCurrent = timingSafeEqual(Buffer.from(sent.hash), Buffer.from(login.refreshHash));
    if (!isCurrent || !isAlive(login)) {
      await this.#end(login.id);
      throw new InvalidRefreshTokenError();
    }
    return { sent, login };
  }

  async #end(loginId: string): Promise<void> {
    await this.#store.logins.delete(loginId);
    this.#verified.forgetLogin(loginId);
  }

  async #pair(user: string, accessId: string, refresh: RefreshToken): Promise<TokenPair> {
    const exp = Math.floor(Date.now() / 1000) + ACCESS_TOKEN_LIFETIME;
    const claims: Claims = { sub: user, sid: refresh.loginId, jti: accessId, exp };
    return {
      token_type: 'Bearer',
      access_token: await signAccessToken(this.#key, claims),
      expires_in: ACCESS_TOKEN_LIFETIME,
      expires_on: exp,
      refresh_token: refresh.token,
    };
  }
}

/** Whether a login is young enough to be renewed. */
function isAlive({ renewedAt, startedAt }: LoginRecord): boolean {
  const now = Date.now();
  return now - renewedAt < REFRESH_IDLE_LIFETIME && now - startedAt < REFRESH_TOTAL_LIFETIME;
}
