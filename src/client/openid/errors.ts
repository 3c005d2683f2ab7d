import { ClientError } from '../errors.js';

/** Thrown when neither the server nor the settings say where to log in. */
export class UnknownIssuerError extends ClientError {
  readonly code = 'UNKNOWN_ISSUER';
  override readonly name = 'UnknownIssuerError';
}

/** Thrown when the issuer refuses to begin or to renew a login; the message has its own words. */
export class IssuerRefusedError extends ClientError {
  readonly code = 'ISSUER_REFUSED';
  override readonly name = 'IssuerRefusedError';
}
