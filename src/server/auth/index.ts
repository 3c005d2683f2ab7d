/** Who sends a request: accounts, access tokens and their renewal. */
export { ACCESS_TOKEN_LIFETIME } from './access-tokens.js';
export { ADMIN } from './accounts.js';
export { Authenticator } from './authenticator.js';
export type { Directory, DirectoryUser } from './directory-users.js';
export {
  DirectoryUnavailableError,
  InvalidRefreshTokenError,
  InvalidTokenError,
  type LoginAdvice,
  LoginsBusyError,
  MissingTokenError,
  TokenExpiredError,
  TokenRevokedError,
  TooManyLoginsError,
  UnauthorizedError,
  UnknownUserError,
  UnsuitablePasswordError,
  WrongPasswordError,
} from './errors.js';
export { LdapDirectory } from './ldap/index.js';
export { IssuerUnavailableError, type OpenIdState, OpenIdTokens } from './openid/index.js';
export { ROLES, roleOf } from './roles.js';
export { rotateSigningKey, SigningKeyError, SigningKeys } from './signing-key.js';
export type { Caller, Granted, OutsideTokens, User } from './types.js';
