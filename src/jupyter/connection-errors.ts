/**
 * Thrown when a kernel's connection file cannot be used; there is a class for each cause. No message
 * quotes the file, which holds the key that messages are signed with.
 */
export abstract class ConnectionFileError extends Error {
  abstract readonly code: string;
}

/** Thrown when there is no such file. */
export class ConnectionFileMissingError extends ConnectionFileError {
  readonly code = 'CONNECTION_FILE_MISSING';
  override readonly name = 'ConnectionFileMissingError';

  constructor(path: string, options?: ErrorOptions) {
    super(
      `The connection file ${path} does not exist; start the kernel through Jupyter, which writes it.`,
      options,
    );
  }
}

/** Thrown when the system does not let us read the file, or it is no file. */
export class ConnectionFileUnreadableError extends ConnectionFileError {
  readonly code = 'CONNECTION_FILE_UNREADABLE';
  override readonly name = 'ConnectionFileUnreadableError';

  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(
      `The connection file ${path} cannot be read (${reason}); it must be a file of the user who runs the kernel.`,
      options,
    );
  }
}

/** Thrown when the file does not hold a JSON object: it is empty, cut off, or something else. */
export class ConnectionFileSyntaxError extends ConnectionFileError {
  readonly code = 'CONNECTION_FILE_SYNTAX';
  override readonly name = 'ConnectionFileSyntaxError';

  constructor(path: string, what: string) {
    super(
      `The connection file ${path} ${what}; start the kernel again through Jupyter, which writes a new one.`,
    );
  }
}

/** Thrown when `transport` is missing or neither tcp nor ipc. */
export class ConnectionTransportError extends ConnectionFileError {
  readonly code = 'CONNECTION_TRANSPORT';
  override readonly name = 'ConnectionTransportError';

  constructor(path: string, transport: unknown) {
    const found = typeof transport === 'string' ? `"${transport.slice(0, 40)}"` : 'missing';
    super(`The transport in the connection file ${path} is ${found}; it must be tcp or ipc.`);
  }
}

/** Thrown when `ip` is missing. */
export class ConnectionAddressError extends ConnectionFileError {
  readonly code = 'CONNECTION_ADDRESS';
  override readonly name = 'ConnectionAddressError';

  constructor(path: string) {
    super(
      `The connection file ${path} names no "ip"; it must be the address that the kernel binds.`,
    );
  }
}

/** Thrown when `key` or `signature_scheme` is missing; a key that is empty is one. */
export class ConnectionKeyError extends ConnectionFileError {
  readonly code = 'CONNECTION_KEY';
  override readonly name = 'ConnectionKeyError';

  constructor(path: string, field: string) {
    super(
      `The connection file ${path} has no "${field}"; without it the kernel cannot tell whose messages to obey.`,
    );
  }
}

/** Thrown when a port is missing, no number from 1 to 65535, or there twice. */
export class ConnectionPortError extends ConnectionFileError {
  readonly code = 'CONNECTION_PORT';
  override readonly name = 'ConnectionPortError';

  constructor(path: string, what: string) {
    super(
      `In the connection file ${path} ${what}; each of the five sockets needs a port of its own, from 1 to 65535.`,
    );
  }
}

/** Thrown when there is one CurveZMQ key without the other, or one is no key. */
export class ConnectionCurveKeysError extends ConnectionFileError {
  readonly code = 'CONNECTION_CURVE_KEYS';
  override readonly name = 'ConnectionCurveKeysError';

  constructor(path: string) {
    super(
      `The connection file ${path} asks for encryption without a valid pair of keys; "curve_publickey" and "curve_secretkey" must both be 40 characters of Z85.`,
    );
  }
}
