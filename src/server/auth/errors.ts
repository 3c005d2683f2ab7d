import { ApiError } from '../errors.js';

/** How to get a token that counts, for those who have none. */
export interface LoginAdvice {
  /** For programs: the value of `WWW-Authenticate`. */
  readonly challenge: string;
  /** For people. */
  readonly sentence: string;
}

/** The advice of a server that has accounts of its own. */
const LOCAL_LOGIN: LoginAdvice = {
  challenge: 'Bearer',
  sentence: 'POST /login gives a token for a username and a password.',
};

/** A request that does not prove who sends it; clients answer it by logging in again. */
export abstract class UnauthorizedError extends ApiError {
  readonly statusCode = 401;
  override readonly headers: Readonly<Record<string, string>>;

  constructor(message: string, advice = LOCAL_LOGIN, options?: ErrorOptions) {
    super(message, options);
    this.headers = { 'www-authenticate': advice.challenge };
  }
}

/** Thrown for a request without an `Authorization: Bearer` header. */
export class MissingTokenError extends UnauthorizedError {
  readonly code = 'MISSING_TOKEN';
  override readonly name = 'MissingTokenError';

  constructor(advice = LOCAL_LOGIN) {
    super(
      `This request needs the header "Authorization: Bearer <access token>". ${advice.sentence}`,
      advice,
    );
  }
}

/** Thrown for an access token that this server did not sign, or that was altered. */
export class InvalidTokenError extends UnauthorizedError {
  readonly code = 'INVALID_TOKEN';
  override readonly name = 'InvalidTokenError';

  constructor(options?: ErrorOptions) {
    super(
      'The access token was not issued by this server or was altered. Log in again with POST /login.',
      LOCAL_LOGIN,
      options,
    );
  }
}

/** Thrown for an access token whose time is up. */
export class TokenExpiredError extends UnauthorizedError {
  readonly code = 'TOKEN_EXPIRED';
  override readonly name = 'TokenExpiredError';

  constructor(options?: ErrorOptions) {
    super(
      'The access token has expired. Renew it with POST /login/refreshToken or log in again with POST /login.',
      LOCAL_LOGIN,
      options,
    );
  }
}

/** Thrown for an access token that a newer one replaced or whose login was revoked. */
export class TokenRevokedError extends UnauthorizedError {
  readonly code = 'TOKEN_REVOKED';
  override readonly name = 'TokenRevokedError';

  constructor() {
    super(
      'The access token is no longer valid: it was renewed, or its login was revoked. Use the newest token or log in again with POST /login.',
    );
  }
}

/** Thrown for a refresh token that is unknown, was used before, or is too old. */
export class InvalidRefreshTokenError extends UnauthorizedError {
  readonly code = 'INVALID_REFRESH_TOKEN';
  override readonly name = 'InvalidRefreshTokenError';

  /** @param user whose login has ended by it, for the audit log; the sender is not told */
  constructor(readonly user?: string) {
    super(
      'The refresh token is unknown, was used before or has expired. Log in again with POST /login.',
    );
  }
}

/** Thrown for a wrong username or password; it does not tell which. */
export class WrongPasswordError extends UnauthorizedError {
  readonly code = 'WRONG_PASSWORD';
  override readonly name = 'WrongPasswordError';

  /** @param user whose password was not right, for the audit log; the sender is not told */
  constructor(readonly user?: string) {
    super('The username or the password is wrong.');
  }
}

/** Thrown when one address keeps trying wrong passwords for a user. */
export class TooManyLoginsError extends ApiError {
  readonly statusCode = 429;
  readonly code = 'TOO_MANY_LOGINS';
  override readonly name = 'TooManyLoginsError';
  override readonly headers: Readonly<Record<string, string>>;

  /** @param seconds until the next attempt is looked at */
  constructor(seconds: number) {
    super(`Too many wrong passwords for this user. Try again in ${seconds} s.`);
    this.headers = { 'retry-after': String(seconds) };
  }
}

/** Thrown when so many logins wait for their passwords to be checked that one more would wait long. */
export class LoginsBusyError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'LOGINS_BUSY';
  override readonly name = 'LoginsBusyError';
  override readonly headers = { 'retry-after': '5' };

  constructor() {
    super('Too many logins wait for their passwords to be checked. Try again in 5 s.');
  }
}

/** Thrown for a password that is too short, or too long to be hashed in reasonable time. */
export class UnsuitablePasswordError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'UNSUITABLE_PASSWORD';
  override readonly name = 'UnsuitablePasswordError';
}

/** Thrown when an account is to be changed that is not there. */
export class UnknownUserError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'UNKNOWN_USER';
  override readonly name = 'UnknownUserError';

  constructor(user: string) {
    super(`There is no account ${JSON.stringify(user)}. "slipway user list" shows them all.`);
  }
}

/** Thrown when the directory that checks passwords cannot be asked. */
export class DirectoryUnavailableError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'DIRECTORY_UNAVAILABLE';
  override readonly name = 'DirectoryUnavailableError';
  override readonly headers = { 'retry-after': '10' };

  /** @param problem what went wrong, for the log of the server; the sender is not told */
  constructor(
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(
      'The directory that checks passwords cannot be asked now. Try again in 10 s; if it lasts, ask whoever runs the server.',
      options,
    );
  }
}

/** Thrown for a name that no account can have. */
export class UnsuitableUserNameError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'UNSUITABLE_USER_NAME';
  override readonly name = 'UnsuitableUserNameError';

  constructor() {
    super('The name of an account has 1 to 128 characters, none of them a control character.');
  }
}
