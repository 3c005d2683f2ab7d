import { ClientError } from '../errors.js';

/** Thrown when `runtime.json` cannot be trusted or read; the message names what is wrong. */
export class RuntimeFileError extends ClientError {
  readonly code = 'RUNTIME_FILE';
  override readonly name = 'RuntimeFileError';
}

/** Thrown when this user's own server does not start; the message ends with its last lines. */
export class EmbeddedServerError extends ClientError {
  readonly code: string = 'EMBEDDED_SERVER';
  override readonly name: string = 'EmbeddedServerError';
}

/** Thrown when another program listens on the port that this user's own server is to have. */
export class EmbeddedPortTakenError extends EmbeddedServerError {
  override readonly code = 'PORT_IN_USE';
  override readonly name = 'EmbeddedPortTakenError';
}

/** Thrown when a server that is not this user's own has the data directory. */
export class SharedServerError extends EmbeddedServerError {
  override readonly code = 'DATA_DIRECTORY_IN_USE';
  override readonly name = 'SharedServerError';

  constructor(directory: string, url: string) {
    super(
      `The server at ${url} uses ${directory}. It is not this user's own, for "slipway server run" started it: set SLIPWAY_URL=${url} and how to log in to use it, or SLIPWAY_HOME to another folder for a server of your own.`,
    );
  }
}
