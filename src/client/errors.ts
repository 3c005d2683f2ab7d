/**
 * Failures of calls to the server, one class per cause. Messages never carry a token or a
 * password; `detail` is the sentence that the server sent, where it sent one.
 */
export abstract class ClientError extends Error {
  /** Stable, in capitals. */
  abstract readonly code: string;
}

/** Thrown when no connection to the server can be made, or when it breaks during a call. */
export class ServerUnreachableError extends ClientError {
  readonly code = 'SERVER_UNREACHABLE';
  override readonly name = 'ServerUnreachableError';
  constructor(
    readonly url: string,
    /** The system's code, such as `ECONNREFUSED`. */
    readonly reason: string,
    options: ErrorOptions,
  ) {
    super(`The server at ${url} cannot be reached (${reason}). ${adviceOn(reason, url)}`, options);
  }

  /** Whether the server certainly has not seen the request, so that it can be sent again. */
  get neverSent(): boolean {
    return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'].includes(this.reason);
  }
}

/** What to do about a connection that failed with a code of the system's. */
function adviceOn(reason: string, url: string): string {
  switch (reason) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'Its name is not known here: check the spelling, and that the network or the VPN is up.';
    case 'ECONNRESET':
    case 'EPIPE': {
      const tls = url.startsWith('http:') ? ' If it has HTTPS, write https://.' : '';
      return `It, or a proxy on the way, closed the connection; what was asked may have been done. Try again.${tls}`;
    }
    default:
      return 'Check that it runs and that the address is right.';
  }
}

/** Thrown for an HTTPS server whose certificate cannot be trusted; it is never used unchecked. */
export class UntrustedCertificateError extends ClientError {
  readonly code = 'UNTRUSTED_CERTIFICATE';
  override readonly name = 'UntrustedCertificateError';
  /** @param problem what is wrong and what to do, after "The certificate of …" */
  constructor(url: string, problem: string, options: ErrorOptions) {
    super(`The certificate of ${url} ${problem}`, options);
  }
}

/** Thrown when the server does not answer a short request in time. */
export class RequestTimeoutError extends ClientError {
  readonly code = 'REQUEST_TIMEOUT';
  override readonly name = 'RequestTimeoutError';
  constructor(url: string, call: string, milliseconds: number) {
    super(
      `The server at ${url} did not answer "${call}" within ${milliseconds / 1000} s. It may be overloaded or hang: try again, or give it longer with SLIPWAY_TIMEOUT (seconds).`,
    );
  }
}

/** Thrown when the caller's signal ended a call. */
export class RequestAbortedError extends ClientError {
  readonly code = 'REQUEST_ABORTED';
  override readonly name = 'RequestAbortedError';
}

/** Thrown for an address that is no http(s) URL, or that has a password in it. */
export class InvalidServerUrlError extends ClientError {
  readonly code = 'INVALID_SERVER_URL';
  override readonly name = 'InvalidServerUrlError';
}

/** Thrown when what answers at the address does not speak the R Server API. */
export class NotAnRServerError extends ClientError {
  readonly code = 'NOT_AN_R_SERVER';
  override readonly name = 'NotAnRServerError';
  constructor(url: string, what: string) {
    super(
      `What answers at ${url} is not an R Server: ${what}. Check the address and the port (R Server's is 12800).`,
    );
  }
}

/** Thrown when an answer is longer than any that the call can have. */
export class AnswerTooLongError extends ClientError {
  readonly code = 'ANSWER_TOO_LONG';
  override readonly name = 'AnswerTooLongError';
  constructor(url: string, call: string, limit: number) {
    super(
      `What answers at ${url} sent more than ${Math.floor(limit / 1024 ** 2)} MiB for "${call}". If it is an R Server, ask for less at a time.`,
    );
  }
}

/** Thrown when an answer of the server lacks what its schema promises. */
export class UnexpectedAnswerError extends ClientError {
  readonly code = 'UNEXPECTED_ANSWER';
  override readonly name = 'UnexpectedAnswerError';
}

/** Thrown when user name and password, or the token, are refused. */
export class LoginFailedError extends ClientError {
  readonly code = 'LOGIN_FAILED';
  override readonly name = 'LoginFailedError';
}

/** Base of the failures that the server reports with a status of its own. */
export abstract class ServerAnswerError extends ClientError {
  constructor(
    message: string,
    readonly status: number,
    /** The server's own stable code, empty where it sends none. */
    readonly exceptionType: string,
  ) {
    super(message);
  }
}

/** 400, 413, 415 and 422: the request is wrong; the message says in what. */
export class BadRequestError extends ServerAnswerError {
  readonly code = 'BAD_REQUEST';
  override readonly name = 'BadRequestError';
}

/** 403: this user may not do it. */
export class ForbiddenError extends ServerAnswerError {
  readonly code = 'FORBIDDEN';
  override readonly name = 'ForbiddenError';
}

/** The kinds of things that a route names. */
export type ResourceKind =
  | 'session'
  | 'session file'
  | 'workspace object'
  | 'snapshot'
  | 'service'
  | 'batch'
  | 'route';

/** What a call was about: it makes "not found" mean something. */
export interface Resource {
  readonly kind: ResourceKind;
  readonly name: string;
  /** Of a service. */
  readonly version?: string;
}

/** 404: the thing that the call names does not exist for this user. */
export class NotFoundError extends ServerAnswerError {
  readonly code = 'NOT_FOUND';
  override readonly name = 'NotFoundError';
  constructor(
    message: string,
    status: number,
    exceptionType: string,
    readonly resource: Resource,
  ) {
    super(message, status, exceptionType);
  }
}

/** 409: something of this name is there already. */
export class ConflictError extends ServerAnswerError {
  readonly code = 'CONFLICT';
  override readonly name = 'ConflictError';
}

/** 410: the session was alive once and is gone. */
export class SessionGoneError extends ServerAnswerError {
  readonly code = 'SESSION_GONE';
  override readonly name = 'SessionGoneError';
}

/** 429 and 503: the server is at its limit. */
export class ServerBusyError extends ServerAnswerError {
  readonly code = 'SERVER_BUSY';
  override readonly name = 'ServerBusyError';
  constructor(
    message: string,
    status: number,
    exceptionType: string,
    /** Seconds that the server asks to wait, where it says so. */
    readonly retryAfter: number | undefined,
  ) {
    super(
      retryAfter === undefined ? message : `${message} Try again in ${retryAfter} s.`,
      status,
      exceptionType,
    );
  }
}

/** 502 and 504, or 503 with a web page: a proxy answers for a server that does not. */
export class GatewayError extends ServerAnswerError {
  readonly code = 'GATEWAY';
  override readonly name = 'GatewayError';
  constructor(url: string, status: number) {
    super(
      `A proxy at ${url} answers in place of the server behind it (status ${status}): that does not run or does not answer. Try again when it does; whoever runs it can tell.`,
      status,
      '',
    );
  }
}

/** Any other status: the server failed. */
export class ServerFaultError extends ServerAnswerError {
  readonly code = 'SERVER_FAULT';
  override readonly name = 'ServerFaultError';
}
