import type { FastifyInstance } from 'fastify';
import { ApiError } from './errors.js';

/** Thrown for a body that is compressed: what it grows to is known only when it is too late. */
class CompressedBodyError extends ApiError {
  readonly statusCode = 415;
  readonly code = 'COMPRESSED_BODY';
  override readonly name = 'CompressedBodyError';
  // https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16
  override readonly headers = { 'accept-encoding': 'identity' };

  constructor(encoding: string) {
    super(
      `The body of the request is compressed (Content-Encoding: ${encoding.slice(0, 50)}). Send it as it is, without that header.`,
    );
  }
}

/** Refuses bodies that are compressed, whatever reads them. */
export function refuseCompressedBodies(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const encoding = request.headers['content-encoding'];
    const isPlain = encoding === undefined || /^(identity)?$/i.test(encoding);
    done(isPlain || request.method === 'GET' ? undefined : new CompressedBodyError(encoding));
  });
}
