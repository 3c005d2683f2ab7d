import type { IncomingMessage } from 'node:http';
import type { Answers } from './answers.js';
import {
  BadRequestError,
  ConflictError,
  ForbiddenError,
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
}

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
 * @throws {NotAnRServerError} when it is something else.
 */
export async function readJson(
  answer: IncomingMessage,
  url: string,
  call: string,
): Promise<{ value: unknown; text: string }> {
  const text = (await readBody(answer, url)).toString();
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
    answer.resume();
    return new NotAnRServerError(url, `"${name}" was redirected elsewhere`);
  }
  const text = (await readBody(answer, url)).toString();
  if (/^\s*</.test(text)) {
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
    case 503: {
      const seconds = Number(answer.headers['retry-after']);
      const retryAfter = Number.isFinite(seconds) ? seconds : undefined;
      return new ServerBusyError(said, status, exceptionType, retryAfter);
    }
    default:
      return status >= 400 && status < 500
        ? new BadRequestError(said, status, exceptionType)
        : new ServerFaultError(said, status, exceptionType);
  }
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
