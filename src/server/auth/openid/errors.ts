import { ApiError } from '../../errors.js';
import { type LoginAdvice, UnauthorizedError } from '../errors.js';

/** An access token that does not count here; the challenge says where there is one that does. */
abstract class RefusedTokenError extends UnauthorizedError {
  constructor(problem: string, advice: LoginAdvice, options?: ErrorOptions) {
    const { challenge, sentence } = advice;
    super(
      `${problem} ${sentence}`,
      { challenge: `${challenge}, error="invalid_token"`, sentence },
      options,
    );
  }
}

/**
 * Thrown for what is no token of the issuer's: no JWT, unsigned, signed in a way that is not
 * allowed, altered, or of another type than an access token.
 */
export class OutsideTokenInvalidError extends RefusedTokenError {
  readonly code = 'INVALID_TOKEN';
  override readonly name = 'OutsideTokenInvalidError';
}

/** Thrown for a token whose key the issuer does not publish. */
export class UnknownSigningKeyError extends RefusedTokenError {
  readonly code = 'UNKNOWN_SIGNING_KEY';
  override readonly name = 'UnknownSigningKeyError';

  constructor(advice: LoginAdvice, options?: ErrorOptions) {
    super(
      'The access token is signed with a key that its issuer does not publish. If the issuer has just changed its keys, try again in a minute.',
      advice,
      options,
    );
  }
}

/** Thrown for a token whose time is up. */
export class OutsideTokenExpiredError extends RefusedTokenError {
  readonly code = 'TOKEN_EXPIRED';
  override readonly name = 'OutsideTokenExpiredError';

  constructor(advice: LoginAdvice, options?: ErrorOptions) {
    super('The access token has expired.', advice, options);
  }
}

/** Thrown for a token whose time has not come. */
export class TokenNotYetValidError extends RefusedTokenError {
  readonly code = 'TOKEN_NOT_YET_VALID';
  override readonly name = 'TokenNotYetValidError';

  constructor(advice: LoginAdvice, options?: ErrorOptions) {
    super(
      'The access token is not valid yet: the clock of this server may be behind.',
      advice,
      options,
    );
  }
}

/** Thrown for a token of another issuer, or of a tenant that is not let in. */
export class WrongIssuerError extends RefusedTokenError {
  readonly code = 'WRONG_ISSUER';
  override readonly name = 'WrongIssuerError';

  constructor(advice: LoginAdvice, options?: ErrorOptions) {
    super('The access token is of another issuer or tenant.', advice, options);
  }
}

/** Thrown for a token that the issuer gave for another program. */
export class WrongAudienceError extends RefusedTokenError {
  readonly code = 'WRONG_AUDIENCE';
  override readonly name = 'WrongAudienceError';

  constructor(audience: string, advice: LoginAdvice, options?: ErrorOptions) {
    super(`The access token is not meant for this server (${audience}).`, advice, options);
  }
}

/** Thrown for a token that does not say whose it is, in the way that this server looks for. */
export class NamelessTokenError extends RefusedTokenError {
  readonly code = 'NAMELESS_TOKEN';
  override readonly name = 'NamelessTokenError';

  constructor(claims: readonly string[], advice: LoginAdvice) {
    super(
      `The access token has no name of a user, of 1 to 128 characters, in ${claims.join(', ')}.`,
      advice,
    );
  }
}

/** Thrown when a token cannot be checked, because the issuer's keys are not to be had. */
export class IssuerUnavailableError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'ISSUER_UNAVAILABLE';
  override readonly name = 'IssuerUnavailableError';
  override readonly headers: Readonly<Record<string, string>>;

  /**
   * @param problem what is wrong with the issuer, for the log
   * @param seconds until it is asked again
   */
  constructor(
    authority: string,
    readonly problem: string,
    seconds: number,
    options?: ErrorOptions,
  ) {
    super(
      `The access token cannot be checked: its issuer, ${authority}, does not give its keys. Try again in ${seconds} s; the server's log tells the cause.`,
      options,
    );
    this.headers = { 'retry-after': String(seconds) };
  }
}

/** Thrown for a login with a password, or its renewal, where only outside tokens count. */
export class LocalLoginDisabledError extends ApiError {
  readonly statusCode = 403;
  readonly code = 'LOCAL_LOGIN_DISABLED';
  override readonly name = 'LocalLoginDisabledError';
  override readonly headers: Readonly<Record<string, string>>;

  constructor({ challenge, sentence }: LoginAdvice) {
    super(`This server takes no passwords. ${sentence}`);
    this.headers = { 'www-authenticate': challenge };
  }
}
