import type { FastifyInstance } from 'fastify';

/**
 * Writes one line per answered request, and gives every answer its id in `X-Request-Id`. The line
 * has no query and no headers, which may hold secrets.
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
          path: request.url.split('?', 1)[0],
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
