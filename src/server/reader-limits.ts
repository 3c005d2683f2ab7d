import type { FastifyInstance } from 'fastify';
import type { User } from './auth/index.js';
import { ApiError } from './errors.js';

/** Thrown when a user with the role Reader asks for what runs code or keeps something. */
export class ReaderForbiddenError extends ApiError {
  readonly statusCode = 403;
  readonly code = 'READER_FORBIDDEN';
  override readonly name = 'ReaderForbiddenError';

  constructor(user: string) {
    super(
      `${user} has the role Reader, which may list and call services but not use sessions. Ask an Owner for the role Contributor.`,
    );
  }
}

/** @throws {ReaderForbiddenError} for a Reader */
export function refuseReader(user: User): void {
  if (user.role === 'Reader') throw new ReaderForbiddenError(user.name);
}

/**
 * Whether a route does what a Reader may not: run code in a session, or bring something into one.
 * Who has become a Reader can still look at the sessions and snapshots that they have, and end or
 * delete them. Publishing and changing services is refused where services are changed.
 */
function isForbiddenToReaders(method: string, url: string): boolean {
  if (!/^\/sessions(\/|$)/.test(url)) return false;
  return !['GET', 'DELETE', 'HEAD', 'OPTIONS'].includes(method) && !url.endsWith('/cancel');
}

/** Refuses Readers on the routes that are not for them; no other route does more than before. */
export function limitReaders(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const methods = [route.method].flat();
    if (!methods.some((method) => isForbiddenToReaders(method, route.url))) return;
    route.onRequest = [
      ...[route.onRequest ?? []].flat(),
      async (request) => refuseReader(request.user),
    ];
  });
}
