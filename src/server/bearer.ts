import type { FastifyInstance } from 'fastify';
import {
  type Authenticator,
  type LoginAdvice,
  MissingTokenError,
  type User,
} from './auth/index.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sends the request; on a public route there is none. */
    user: User;
  }
  interface FastifyContextConfig {
    /** Whether the route answers without an access token. */
    public?: boolean;
    /** Whether the route is left out of the log of requests: for those that must be fast. */
    unlogged?: boolean;
  }
}

const SCHEME = /^Bearer +(\S+)$/i;

/**
 * The access token of an `Authorization` header.
 * @param advice how to get one, where that is not `POST /login`
 * @throws {MissingTokenError} when there is none
 */
export function bearerToken(header: string | undefined, advice?: LoginAdvice): string {
  const token = header === undefined ? undefined : SCHEME.exec(header)?.[1];
  if (token === undefined) {
    throw new MissingTokenError(advice);
  }
  return token;
}

/** Refuses requests without a valid access token, unless their route is public. */
export function requireBearer(app: FastifyInstance, auth: Authenticator): void {
  app.decorateRequest('user', null as unknown as User);
  // With a callback, because a promise per request would cost more than the check itself.
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config?.public === true) {
      done();
      return;
    }
    let user: User | Promise<User>;
    try {
      user = auth.authenticate(bearerToken(request.headers.authorization, auth.advice), request);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (user instanceof Promise) {
      user.then((known) => {
        request.user = known;
        done();
      }, done);
    } else {
      request.user = user;
      done();
    }
  });
}
