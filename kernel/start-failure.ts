import { ConnectionFileError, UnknownSignatureSchemeError } from '../src/jupyter/index.js';
import { SocketBindError } from './sockets/bind.js';

/** Thrown when the kernel is started without a connection file. */
export class NoConnectionFileError extends Error {
  readonly code = 'CONNECTION_FILE_NOT_GIVEN';
  override readonly name = 'NoConnectionFileError';

  constructor() {
    super('The kernel was started without a connection file; start it through Jupyter.');
  }
}

/**
 * The exit status of a kernel that could not start, by the code of what was wrong; 1 stands for
 * everything else. docs/kernel.md lists them.
 */
const EXIT_STATUS: Readonly<Record<string, number>> = {
  CONNECTION_FILE_NOT_GIVEN: 2,
  CONNECTION_FILE_MISSING: 10,
  CONNECTION_FILE_UNREADABLE: 11,
  CONNECTION_FILE_SYNTAX: 12,
  CONNECTION_TRANSPORT: 13,
  CONNECTION_ADDRESS: 14,
  CONNECTION_KEY: 15,
  CONNECTION_PORT: 16,
  CONNECTION_CURVE_KEYS: 17,
  UNKNOWN_SIGNATURE_SCHEME: 18,
  PORT_TAKEN: 20,
  ADDRESS_NOT_BOUND: 21,
};

/** What a kernel that cannot start leaves behind. */
export interface StartFailure {
  readonly status: number;
  /** For stderr: a sentence, or the stack of a fault that nobody foresaw. */
  readonly message: string;
}

/** Says why the kernel could not start. */
export function startFailure(error: unknown): StartFailure {
  const isForeseen =
    error instanceof ConnectionFileError ||
    error instanceof UnknownSignatureSchemeError ||
    error instanceof SocketBindError ||
    error instanceof NoConnectionFileError;
  if (isForeseen) {
    return { status: EXIT_STATUS[error.code] ?? 1, message: `${error.message} (${error.code})` };
  }
  const what = error instanceof Error ? error.stack : String(error);
  return { status: 1, message: `The kernel could not start: ${what}` };
}
