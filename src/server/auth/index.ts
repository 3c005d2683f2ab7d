/** Who sends a request: local accounts, access tokens and their renewal. */
export { ADMIN, Authenticator, type OutsideTokens, type User } from './authenticator.js';
export {
  InvalidRefreshTokenError,
  InvalidTokenError,
  type LoginAdvice,
  LoginsBusyError,
  MissingTokenError,
  TokenExpiredError,
  TokenRevokedError,
  TooManyLoginsError,
  UnauthorizedError,
  UnsuitablePasswordError,
  WrongPasswordError,
} from './errors.js';
export { IssuerUnavailableError, type OpenIdState, OpenIdTokens } from './openid/index.js';
export { loadSigningKey, type SigningKey, SigningKeyError } from './signing-key.js';
