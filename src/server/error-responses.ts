import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
import type { ErrorResponse } from '../api/index.js';
import { ApiError } from './errors.js';
import { describeMismatch } from './validation-message.js';

/** What a failure tells the caller. */
interface Failure {
  readonly statusCode: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Fields of the request that are wrong. */
  readonly fields?: string;
}

/** Code of a failure that is a defect of the server. */
const INTERNAL = 'INTERNAL';

/** Failures that fastify finds before a route runs, by its own codes. */
const FRAMEWORK_FAILURES: Readonly<Record<string, Pick<Failure, 'code' | 'message'>>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: {
    code: 'INVALID_JSON',
    message: 'The body of the request is not valid JSON. Send one JSON value in UTF-8.',
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'BODY_TOO_LARGE',
    message: 'The body of the request is too large. Send less, or have the limit raised.',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'This route does not take a body of that content type. Send application/json.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'CONTENT_LENGTH',
    message: 'The body is not as long as its Content-Length header says. Send the request again.',
  },
  FST_ERR_BAD_URL: {
    code: 'INVALID_URL',
    message: 'The path of the request is not valid. Percent-encode its parts as UTF-8.',
  },
  FST_ERR_MAX_PARAM_LENGTH: {
    code: 'URL_TOO_LONG',
    message: 'A part of the path is too long.',
  },
};

/** Makes every failure of a request a JSON answer with a sentence. */
export function installErrorResponses(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = toFailure(error, request);
    if (failure.statusCode === 500) {
      request.log.error({ err: error, requestId: request.id }, 'The request failed.');
    }
    return send(failure, request, reply);
  });
}

/** Answers a failure that fastify finds before it knows the route. */
export function sendFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  send(toFailure(error, request), request, reply);
}

/**
 * The sentence and status for any error that reached the edge. What is not meant for callers
 * becomes a 500 that tells only the id of the request.
 */
function toFailure(error: FastifyError, request: FastifyRequest): Failure {
  if (error instanceof ApiError) {
    return error;
  }
  if (error.validation !== undefined) {
    const part = error.validationContext ?? 'body';
    const schemas = request.routeOptions.schema as Record<string, TSchema> | undefined;
    const { field, sentence } = describeMismatch(
      error.validation as unknown as TLocalizedValidationError[],
      schemas?.[part] ?? ({} as TSchema),
      part,
    );
    return { statusCode: 400, code: 'INVALID_REQUEST', message: sentence, fields: field };
  }
  const known = FRAMEWORK_FAILURES[error.code];
  if (known !== undefined) {
    return { statusCode: error.statusCode ?? 400, ...known };
  }
  if (error.code?.startsWith('FST_') && error.statusCode !== undefined && error.statusCode < 500) {
    return { statusCode: error.statusCode, code: error.code, message: `${error.message}.` };
  }
  return {
    statusCode: 500,
    code: INTERNAL,
    message: `The server failed on this request, which is not your fault. Its log tells the cause under the request id ${request.id}.`,
  };
}

function send(failure: Failure, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const body: ErrorResponse = {
    message: failure.message,
    link: '',
    exceptionType: failure.code,
  };
  if (failure.headers !== undefined) {
    reply.headers(failure.headers);
  }
  // Documents of services declare another error, so under /api/ the answer carries both.
  const answer = /^\/api\//i.test(request.url)
    ? { ...body, code: failure.statusCode, fields: failure.fields ?? '' }
    : body;
  return reply.code(failure.statusCode).type('application/json; charset=utf-8').send(answer);
}
