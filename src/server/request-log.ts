import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** An id that can stand in a log line and a header as it is. */
const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** The id that a request came with, so that it is one from the first proxy on; else a new one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/**
 * Writes one line per answered request, and gives every answer its id in `X-Request-Id`. The line
 * holds none of the places where secrets can be: query, headers, and the path that revokes a token.
 */
export function logRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    if (request.routeOptions.config?.unlogged !== true) {
      request.log.info(
        {
          requestId: request.id,
          method: request.method,
          path: pathToLog(request.url),
          status: reply.statusCode,
          user: request.user?.name,
          address: request.ip,
          milliseconds: Math.round(reply.elapsedTime),
        },
        'request',
      );
    }
    done();
  });
}

/** The part of a path that is a refresh token, if it can be, whatever route is asked for. */
const REFRESH_TOKEN = /(refreshToken\/).+/is;

function pathToLog(url: string): string {
  const [path = ''] = url.split('?', 1);
  try {
    const decoded = decodeURIComponent(path);
    return REFRESH_TOKEN.test(decoded) ? decoded.replace(REFRESH_TOKEN, '$1[redacted]') : path;
  } catch (error) {
    if (error instanceof URIError) {
      return '[not a valid path]';
    }
    throw error;
  }
}
