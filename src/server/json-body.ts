import type { FastifyInstance } from 'fastify';

/**
 * Reads bodies as JSON whatever their content type says: `curl -d` names a form, and generated
 * clients name JSON for requests that have no body. An absent body counts as an empty object where
 * a route wants one. Keys that would reach a prototype are refused.
 */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>('*', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) {
      done(null, undefined);
    } else {
      parseJson(request, body, done);
    }
  });
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined && request.routeOptions.schema?.body !== undefined) {
      request.body = {};
    }
    done();
  });
}
