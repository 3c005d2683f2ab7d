/** Who sends a request: local accounts, access tokens and their renewal. */
export { ADMIN, Authenticator, type User } from './authenticator.js';
export {
  InvalidRefreshTokenError,
  InvalidTokenError,
  LoginsBusyError,
  MissingTokenError,
  TokenExpiredError,
  TokenRevokedError,
  TooManyLoginsError,
  UnauthorizedError,
  UnsuitablePasswordError,
  WrongPasswordError,
} from './errors.js';
export { loadSigningKey, type SigningKey, SigningKeyError } from './signing-key.js';
