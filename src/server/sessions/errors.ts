import { ApiError } from '../errors.js';

/** Thrown for an id that names no session of the user: it never was one, or is someone else's. */
export class SessionNotFoundError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'SESSION_NOT_FOUND';
  override readonly name = 'SessionNotFoundError';

  constructor(id: string, options?: ErrorOptions) {
    super(
      `You have no session ${JSON.stringify(id.slice(0, 100))}. GET /sessions lists your sessions; POST /sessions creates one.`,
      options,
    );
  }
}

/** Thrown for a session that was live once; the message says how it ended. */
export class SessionGoneError extends ApiError {
  readonly statusCode = 410;
  readonly code = 'SESSION_GONE';
  override readonly name = 'SessionGoneError';

  /**
   * @param reason one sentence: what ended the session.
   * @param advice what a client of the REST routes can do about it.
   */
  constructor(
    readonly reason: string,
    readonly advice?: string,
  ) {
    super(advice === undefined ? reason : `${reason} ${advice}`);
  }
}

/** Thrown when the server runs as many sessions as it may. */
export class SessionLimitError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'SESSION_LIMIT';
  override readonly name = 'SessionLimitError';
  override readonly headers = { 'retry-after': '10' };

  constructor(limit: number) {
    super(
      `This server is busy: it runs ${limit} sessions, which is its limit. Close one of yours with DELETE /sessions/{id}, or try again later.`,
    );
  }
}

/** Thrown for a session of the server before this one that does not answer: its code lets nobody in. */
export class SessionSilentError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'SESSION_SILENT';
  override readonly name = 'SessionSilentError';
  override readonly headers = { 'retry-after': '2' };

  constructor() {
    super(
      'The server was started again, and the session has not answered yet: its code is busy with something that lets nothing else run. Try again in a moment.',
    );
  }
}

/** Thrown when a session's Python process cannot be started. The cause is for the log. */
export class SessionUnavailableError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'SESSION_START';
  override readonly name = 'SessionUnavailableError';

  constructor(options?: ErrorOptions) {
    super(
      'The server could not start Python for a session; its log tells why. Try again. If it repeats, whoever runs the server sets SLIPWAY_PYTHON to an interpreter that has ipykernel.',
      options,
    );
  }
}

/** Thrown for a session that is asked of a server about to end. */
export class ShuttingDownError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'SHUTTING_DOWN';
  override readonly name = 'ShuttingDownError';

  constructor() {
    super('The server is shutting down. Try again when it is back.');
  }
}

/** Thrown for an input, output or object whose name Python could not use. */
export class InvalidObjectNameError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'INVALID_OBJECT_NAME';
  override readonly name = 'InvalidObjectNameError';

  constructor(name: string) {
    super(
      `${JSON.stringify(name.slice(0, 100))} cannot be the name of an object in a Python session. Use letters, digits and underscores, not beginning with a digit, and no keyword.`,
    );
  }
}

/** Thrown when a session has no object of a name. */
export class ObjectNotFoundError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'OBJECT_NOT_FOUND';
  override readonly name = 'ObjectNotFoundError';
}

/** Thrown when an object cannot be sent or received: its bytes are no pickle, or it has none. */
export class ObjectTransferError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'OBJECT_TRANSFER';
  override readonly name = 'ObjectTransferError';

  /** @param cause what Python raised */
  constructor(cause: SessionRequestError) {
    super(asSentence(cause.evalue), { cause });
  }
}

/** Thrown when a session has no file of a name. */
export class SessionFileNotFoundError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'FILE_NOT_FOUND';
  override readonly name = 'SessionFileNotFoundError';
}

/** Thrown for a file name that would leave the session's folder, or that cannot be one. */
export class BadFileNameError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'BAD_FILE_NAME';
  override readonly name = 'BadFileNameError';
}

/** Thrown for an upload that is not `multipart/form-data` with a part that is a file. */
export class MissingFileError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'MISSING_FILE';
  override readonly name = 'MissingFileError';

  constructor() {
    super(
      'The request carries no file. Send multipart/form-data with one part named "file" that has a file name.',
    );
  }
}

/** Thrown for an upload of more than one file: the route takes one. */
export class SeveralFilesError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'SEVERAL_FILES';
  override readonly name = 'SeveralFilesError';

  constructor() {
    super('The request carries more than one file, and none was kept. Send one file per request.');
  }
}

/** Thrown for an upload that is cut off, or no `multipart/form-data` in spite of its header. */
export class BrokenUploadError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'BROKEN_UPLOAD';
  override readonly name = 'BrokenUploadError';

  constructor(options?: ErrorOptions) {
    super(
      'The upload is no complete multipart/form-data body with its boundary in the Content-Type header and few fields, so nothing was kept. Send it again.',
      options,
    );
  }
}

/** Thrown for an upload that is larger than the server takes. */
export class UploadTooLargeError extends ApiError {
  readonly statusCode = 413;
  readonly code = 'UPLOAD_TOO_LARGE';
  override readonly name = 'UploadTooLargeError';

  constructor(limit: number) {
    super(`The upload is larger than the ${limit} bytes that this server takes.`);
  }
}

/** Thrown when what a snapshot should hold cannot be found out: no such name, or odd code. */
export class SnapshotSelectionError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'SNAPSHOT_SELECTION';
  override readonly name = 'SnapshotSelectionError';

  /** @param cause what Python raised */
  constructor(cause: SessionRequestError) {
    super(asSentence(cause.evalue), { cause });
  }
}

/** Thrown when an interrupt came before the code of a request: the session then answers nothing. */
export class RequestInterruptedError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'REQUEST_INTERRUPTED';
  override readonly name = 'RequestInterruptedError';

  constructor() {
    super('The session was interrupted before it did this. Send the request again.');
  }
}

/** Thrown when a session dropped a request: a notebook's cell that ran before it had failed. */
export class RequestDroppedError extends ApiError {
  readonly statusCode = 503;
  readonly code = 'REQUEST_DROPPED';
  override readonly name = 'RequestDroppedError';
  override readonly headers = { 'retry-after': '1' };

  constructor() {
    super(
      'A cell of an attached notebook failed before this request, and the session dropped what was queued behind it. Send the request again.',
    );
  }
}

/**
 * Thrown when the helper in a session fails at what it was asked. Where it reaches a caller, the
 * text of Python's exception, which may name files of the server, stays in the log.
 */
export class SessionRequestError extends ApiError {
  readonly statusCode = 500;
  readonly code = 'SESSION_REQUEST';
  override readonly name = 'SessionRequestError';

  constructor(
    /** Class of the Python exception. */
    readonly ename: string,
    /** Its text. */
    readonly evalue: string,
  ) {
    super(
      `The session failed at this request with the Python exception ${ename}; the server's log tells more. Try again; if it repeats, create a new session.`,
    );
  }
}

/** Texts of Python's exceptions begin small and end without a full stop. */
function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
