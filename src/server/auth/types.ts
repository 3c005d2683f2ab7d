import type { TokenPair } from '../../api/index.js';
import type { AuthorizationConfig } from '../config.js';
import type { Role, Store } from '../store/index.js';
import type { Directory } from './directory-users.js';
import type { LoginAdvice } from './errors.js';
import type { OutsideUser } from './openid/index.js';
import type { SigningKeys } from './signing-key.js';

/** Who sends a request. */
export interface User {
  readonly name: string;
  readonly role: Role;
}

/** Where users and their tokens come from when they are not this server's own. */
export interface OutsideTokens {
  /** How to get a token that counts. */
  readonly advice: LoginAdvice;
  /** @throws {UnauthorizedError} {IssuerUnavailableError} */
  verify(token: string): Promise<OutsideUser>;
  /** Whether the time of a token is up that was right before. */
  isOver(token: string): boolean;
}

/** Where a token comes from, for the audit log. */
export interface Caller {
  /** Id of the request. */
  readonly id: string;
  /** Address of the client. */
  readonly ip: string;
}

/** What an authenticator works with. */
export interface AuthenticatorParts {
  readonly store: Store;
  readonly keys: SigningKeys;
  readonly authorization: AuthorizationConfig;
  /** What counts in place of accounts and tokens of this server. */
  readonly outside?: OutsideTokens | undefined;
  /** Who checks passwords in place of local accounts. */
  readonly directory?: Directory | undefined;
  /** Told of tokens of an outside issuer, each time that one is checked. */
  readonly onToken?: ((user: string, token: string, caller?: Caller) => void) | undefined;
}

/** A login or its renewal: whose it is, and the tokens that they get. */
export interface Granted {
  readonly user: string;
  readonly tokens: TokenPair;
}
