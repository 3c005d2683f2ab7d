import { ClientError } from '../errors.js';

/** Thrown when `runtime.json` cannot be trusted or read; the message names what is wrong. */
export class RuntimeFileError extends ClientError {
  readonly code = 'RUNTIME_FILE';
  override readonly name = 'RuntimeFileError';
}

/** Thrown when this user's own server does not start; the message ends with its last lines. */
export class EmbeddedServerError extends ClientError {
  readonly code = 'EMBEDDED_SERVER';
  override readonly name = 'EmbeddedServerError';
}
