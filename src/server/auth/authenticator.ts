import { timingSafeEqual } from 'node:crypto';
import { v4 } from 'uuid';
import type { TokenPair } from '../../api/index.js';
import type { AuthorizationConfig } from '../config.js';
import type { LoginRecord, LoginSource, Store } from '../store/index.js';
import {
  ACCESS_TOKEN_LIFETIME,
  type Claims,
  loginIdOf,
  signAccessToken,
  verifyAccessToken,
} from './access-tokens.js';
import { Accounts } from './accounts.js';
import { DirectoryUsers } from './directory-users.js';
import {
  InvalidRefreshTokenError,
  type LoginAdvice,
  TokenExpiredError,
  TokenRevokedError,
  WrongPasswordError,
} from './errors.js';
import { LoginGuard } from './login-guard.js';
import { LocalLoginDisabledError } from './openid/index.js';
import { checkPassword } from './passwords.js';
import {
  createRefreshToken,
  parseRefreshToken,
  REFRESH_IDLE_LIFETIME,
  REFRESH_TOTAL_LIFETIME,
  type RefreshToken,
} from './refresh-tokens.js';
import { roleOf } from './roles.js';
import type { SigningKeys } from './signing-key.js';
import { TokenCache } from './token-cache.js';
import type { AuthenticatorParts, Caller, Granted, OutsideTokens, User } from './types.js';

/** Who has given the right password, and the hash it was checked against, if that is kept here. */
interface Checked {
  readonly user: string;
  readonly hash: string | undefined;
}

/** Checks of passwords at the same time, where a directory does them. */
const DIRECTORY_CHECKS = 8;

/**
 * Local accounts, or those of a directory, and the tokens that prove them; or, in place of all that,
 * the tokens of an issuer.
 */
export class Authenticator {
  readonly #store: Store;
  readonly #keys: SigningKeys;
  readonly #authorization: AuthorizationConfig;
  readonly #outside: OutsideTokens | undefined;
  readonly #directory: DirectoryUsers | undefined;
  readonly #guard: LoginGuard;
  /** Tokens count only where the password was checked by who checks it now. */
  readonly #source: LoginSource;
  readonly #verified = new TokenCache();
  readonly #onToken: AuthenticatorParts['onToken'];
  /** Those that have their passwords here. */
  readonly accounts: Accounts;

  constructor(parts: AuthenticatorParts) {
    const { store, keys, authorization, outside, directory } = parts;
    this.#onToken = parts.onToken;
    this.#store = store;
    this.accounts = new Accounts(store, (name) => this.#verified.forgetUser(name));
    this.#keys = keys;
    this.#authorization = authorization;
    this.#outside = outside;
    this.#directory = directory && new DirectoryUsers(directory, store, authorization);
    this.#source = directory === undefined ? 'local' : 'ldap';
    this.#guard = new LoginGuard(Date.now, directory && DIRECTORY_CHECKS);
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
  authenticate(token: string, caller?: Caller): User | Promise<User> {
    return this.#verified.find(token) ?? this.#verify(token, caller);
  }

  /**
   * Tokens for a user who knows their password.
   * @param address from where, for slowing down guesses
   * @throws {WrongPasswordError} {TooManyLoginsError} {LoginsBusyError} {LocalLoginDisabledError}
   *   {DirectoryUnavailableError}
   */
  async login(username: string, password: string, address: string): Promise<Granted> {
    this.#refuseOutsiders();
    const { user, hash } =
      this.#directory === undefined
        ? await this.#checkLocally(username, password, address)
        : await this.#checkInDirectory(this.#directory, username, password, address);
    const now = Date.now();
    await this.#store.logins.deleteOlder(now - REFRESH_IDLE_LIFETIME, now - REFRESH_TOTAL_LIFETIME);
    const refresh = createRefreshToken();
    const accessId = v4();
    const isThere = await this.#store.logins.insert({
      id: refresh.loginId,
      user,
      source: this.#source,
      accessId,
      refreshHash: refresh.hash,
      startedAt: now,
      renewedAt: now,
    });
    if (!isThere) throw new WrongPasswordError(user);
    // A new password ends the logins that there are. This one may have been checked against the
    // former password, and have become one only after that.
    if (hash !== undefined && (await this.#store.users.find(user))?.passwordHash !== hash) {
      await this.#end(refresh.loginId);
      throw new WrongPasswordError(user);
    }
    return { user, tokens: await this.#pair(user, accessId, refresh) };
  }

  /**
   * A new pair for a refresh token; the old pair ends. A token that was used before ends its whole
   * login, because one of the two who used it has stolen it.
   * @throws {InvalidRefreshTokenError} {LocalLoginDisabledError}
   * @throws {DirectoryUnavailableError} and the token can be used again
   */
  async renew(refreshToken: string): Promise<Granted> {
    this.#refuseOutsiders();
    const { sent, login } = await this.#findLogin(refreshToken);
    if (this.#directory !== undefined && !(await this.#directory.isThere(login.user))) {
      await this.#end(login.id);
      throw new InvalidRefreshTokenError(login.user);
    }
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
      await this.#end(login.id);
      throw new InvalidRefreshTokenError(login.user);
    }
    return { user: login.user, tokens: await this.#pair(login.user, accessId, next) };
  }

  /**
   * Whether the login goes on that a token was handed out for; the token itself may have expired
   * or been renewed. Of a login at an issuer only the token is known, so that it lasts as long.
   * @param token one that has been checked by {@link authenticate}
   */
  async hasLogin(token: string): Promise<boolean> {
    if (this.#outside !== undefined) return !this.#outside.isOver(token);
    const login = await this.#store.logins.find(loginIdOf(token));
    return login !== undefined && login.source === this.#source && isAlive(login);
  }

  /**
   * Ends the login of a refresh token.
   * @returns whose it was
   * @throws {InvalidRefreshTokenError}
   */
  async revoke(refreshToken: string): Promise<string> {
    const { login } = await this.#findLogin(refreshToken);
    await this.#end(login.id);
    return login.user;
  }

  async #checkLocally(username: string, password: string, address: string): Promise<Checked> {
    const { user, hash, isPassword } = await this.accounts.find(username, password);
    const isCorrect =
      isPassword ||
      (await this.#guard.attempt(username, address, () => checkPassword(password, hash)));
    if (!isCorrect || user === undefined) throw new WrongPasswordError(hash && user);
    return { user, hash };
  }

  async #checkInDirectory(
    directory: DirectoryUsers,
    username: string,
    password: string,
    address: string,
  ): Promise<Checked> {
    let name: string | undefined;
    await this.#guard.attempt(username, address, async () => {
      name = await directory.login(username, password);
      return name !== undefined;
    });
    if (name === undefined) throw new WrongPasswordError();
    return { user: name, hash: undefined };
  }

  async #verify(token: string, caller: Caller | undefined): Promise<User> {
    const since = this.#verified.changes;
    if (this.#outside !== undefined) {
      const { name, groups, expiresAt } = await this.#outside.verify(token);
      const user: User = { name, role: roleOf(groups, this.#authorization) };
      this.#verified.add(token, user, expiresAt);
      this.#onToken?.(name, token, caller);
      return user;
    }
    const claims = await verifyAccessToken(this.#keys, token);
    const login = await this.#store.logins.find(claims.sid);
    if (
      login === undefined ||
      login.source !== this.#source ||
      login.accessId !== claims.jti ||
      login.user !== claims.sub
    ) {
      throw new TokenRevokedError();
    }
    const record = await this.#store.users.find(claims.sub);
    if (record === undefined) {
      throw new TokenRevokedError();
    }
    if (claims.exp * 1000 <= Date.now()) {
      throw new TokenExpiredError();
    }
    const role = this.#directory === undefined ? record.role : await this.#directory.roleOf(record);
    if (role === undefined) throw new TokenRevokedError();
    const user: User = { name: record.name, role };
    this.#verified.add(token, user, claims.exp, { loginId: claims.sid, since });
    return user;
  }

  #refuseOutsiders(): void {
    if (this.#outside !== undefined) throw new LocalLoginDisabledError(this.#outside.advice);
  }

  async #findLogin(refreshToken: string): Promise<{ sent: RefreshToken; login: LoginRecord }> {
    const sent = parseRefreshToken(refreshToken);
    const login = sent && (await this.#store.logins.find(sent.loginId));
    if (sent === undefined || login === undefined || login.source !== this.#source) {
      throw new InvalidRefreshTokenError();
    }
    const isCurrent = timingSafeEqual(Buffer.from(sent.hash), Buffer.from(login.refreshHash));
    if (!isCurrent || !isAlive(login)) {
      await this.#end(login.id);
      throw new InvalidRefreshTokenError(login.user);
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
      access_token: await signAccessToken(this.#keys, claims),
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
