import type { IncomingMessage } from 'node:http';
import type { Answers } from './answers.js';
import { wantsTls } from './connection-failure.js';
import {
  BadRequestError,
  ConflictError,
  ForbiddenError,
  GatewayError,
  LoginFailedError,
  NotAnRServerError,
  NotFoundError,
  type Resource,
  type ServerAnswerError,
  ServerBusyError,
  ServerFaultError,
  SessionGoneError,
} from './errors.js';
import { type RequestBody, readBody } from './transport.js';

/** A call of one route. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** What the route names, for the message of a 404. */
  readonly resource?: Resource;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, with its media type. */
  readonly body?: RequestBody;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** For calls that run the user's code or move large files: no limit of time. */
  readonly unlimited?: boolean;
  /** How many times the usual time it may take, where it has a limit. */
  readonly patience?: number;
  /** Whether it can be sent again when it is not known if the first arrived; `GET` always can. */
  readonly isRepeatable?: boolean;
}

/** Bytes of the body of a failure. */
const LONGEST_FAILURE = 1024 ** 2;

/** Sends calls with a valid token and turns failures into errors; the route classes use it. */
export interface Caller {
  /** The parsed body, null when it is empty. */
  json(call: Call): Promise<unknown>;
  /** The parsed body, checked by the schema of that name. */
  answer<Name extends keyof Answers>(name: Name, call: Call): Promise<Answers[Name]>;
  /** The same, with the text that it was parsed from. */
  answerText<Name extends keyof Answers>(
    name: Name,
    call: Call,
  ): Promise<{ value: Answers[Name]; text: string }>;
  /** The body as it comes. */
  stream(call: Call): Promise<IncomingMessage>;
}

/** Percent-encodes the parts of a path: names may hold spaces, dots and slashes. */
export function path(...parts: string[]): string {
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** `POST /sessions`: the name of a call in messages. */
export function callName(call: Pick<Call, 'method' | 'path'>): string {
  return `${call.method} ${decodeURIComponent(call.path.split('?')[0] ?? '')}`;
}

/**
 * Reads a body as JSON, and keeps its text; an empty one is null.
 * @param limit bytes that the answer may have
 * @throws {NotAnRServerError} when it is something else.
 * @throws {AnswerTooLongError}
 */
export async function readJson(
  answer: IncomingMessage,
  url: string,
  call: string,
  limit: number,
): Promise<{ value: unknown; text: string }> {
  const text = (await readBody(answer, url, { call, limit })).toString();
  if (text === '') return { value: null, text };
  try {
    return { value: JSON.parse(text), text };
  } catch {
    const type = answer.headers['content-type'] ?? 'something';
    throw new NotAnRServerError(url, `"${call}" was answered with ${type} instead of JSON`);
  }
}

/** The error that an answer with a status of failure stands for. */
export async function failureOf(
  answer: IncomingMessage,
  call: Call,
  url: string,
): Promise<ServerAnswerError | LoginFailedError | NotAnRServerError> {
  const status = answer.statusCode ?? 0;
  const name = callName(call);
  if (status >= 300 && status < 400) {
    answer.destroy();
    return new NotAnRServerError(url, redirection(answer.headers.location, url, name));
  }
  const text = (await readBody(answer, url, { call: name, limit: LONGEST_FAILURE })).toString();
  const isPage = /^\s*</.test(text);
  if (status === 502 || status === 504 || (status === 503 && isPage)) {
    return new GatewayError(url, status);
  }
  if (status === 400 && /HTTP request (was sent )?to (an )?HTTPS/i.test(text)) {
    return new NotAnRServerError(url, wantsTls(url));
  }
  if (isPage) {
    return new NotAnRServerError(url, `"${name}" was answered with a web page (status ${status})`);
  }
  const { message, exceptionType } = errorBody(text);
  const said = message === '' ? `The server answered "${name}" with status ${status}.` : message;
  switch (status) {
    case 401:
      return new LoginFailedError(said);
    case 403:
      return new ForbiddenError(said, status, exceptionType);
    case 404: {
      const resource = call.resource ?? { kind: 'route', name };
      const fallback = `The server has no ${resource.kind} "${resource.name}".`;
      return new NotFoundError(
        message === '' ? fallback : message,
        status,
        exceptionType,
        resource,
      );
    }
    case 409:
      return new ConflictError(said, status, exceptionType);
    case 410:
      return new SessionGoneError(said, status, exceptionType);
    case 429:
    case 503:
      return new ServerBusyError(said, status, exceptionType, readRetryAfter(answer));
    default:
      return status >= 400 && status < 500
        ? new BadRequestError(said, status, exceptionType)
        : new ServerFaultError(said, status, exceptionType);
  }
}

/** Where a request was sent on to. The path and what follows it may hold a secret. */
function redirection(location: string | undefined, url: string, name: string): string {
  const target = location === undefined ? null : URL.parse(location, url);
  const here = new URL(url);
  if (target?.protocol === 'https:' && here.protocol === 'http:' && target.host === here.hostname) {
    return wantsTls(url);
  }
  const where = target === null || target.host === here.host ? 'another page' : target.origin;
  return `"${name}" was redirected to ${where}, perhaps to a login page. A proxy may want a login of its own, or the server has moved`;
}

/** Seconds that the server asks to wait: it says a number, or a time. */
function readRetryAfter({ headers }: IncomingMessage): number | undefined {
  const text = headers['retry-after'] ?? '';
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

/** What the body of a failure says; other servers send plain text or nothing. */
function errorBody(text: string): { message: string; exceptionType: string } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { message: text.slice(0, 500).trim(), exceptionType: '' };
  }
  if (typeof body === 'string') return { message: body, exceptionType: '' };
  if (typeof body !== 'object' || body === null) return { message: '', exceptionType: '' };
  const { message, exceptionType } = body as Record<string, unknown>;
  return {
    message: typeof message === 'string' ? message : '',
    exceptionType: typeof exceptionType === 'string' ? exceptionType : '',
  };
}
