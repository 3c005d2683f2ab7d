import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './errors.js';
import { checkJsonLimits } from './json-limits.js';
import { withDoubleQuotes } from './single-quotes.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it came, on a route with `keepsBody` that was sent one. */
    receivedBody: Buffer | null;
  }
  interface FastifyContextConfig {
    /** Whether the body is kept as it came, beside what it was parsed to. */
    keepsBody?: boolean;
    /** Whether texts of the body may stand in single quotes, as scripts for R Server have them. */
    singleQuotes?: boolean;
  }
}

/** Thrown for a body in another encoding: its text would be run or stored with marks in it. */
class NotUtf8Error extends ApiError {
  readonly statusCode = 400;
  readonly code = 'INVALID_JSON';
  override readonly name = 'NotUtf8Error';

  constructor() {
    super('The body of the request is not valid UTF-8. Encode its JSON as UTF-8.');
  }
}

/**
 * Reads bodies as JSON whatever their content type says: `curl -d` names a form, and generated
 * clients name JSON for requests that have no body. An absent body counts as an empty object where
 * a route wants one. Keys that would reach a prototype are refused.
 */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.decorateRequest('receivedBody', null);
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.byteLength === 0) {
      done(null, undefined);
    } else {
      try {
        if (!isUtf8(body)) throw new NotUtf8Error();
        if (request.routeOptions.config.keepsBody === true) request.receivedBody = body;
        checkJsonLimits(body);
      } catch (error) {
        done(error as Error);
        return;
      }
      const text = body.toString();
      if (request.routeOptions.config.singleQuotes !== true) {
        parseJson(request, text, done);
        return;
      }
      parseJson(request, text, (error, value) => {
        if (error === null) done(null, value);
        else parseJson(request, withDoubleQuotes(text), done);
      });
    }
  });
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined && request.routeOptions.schema?.body !== undefined) {
      request.body = {};
    }
    done();
  });
}
