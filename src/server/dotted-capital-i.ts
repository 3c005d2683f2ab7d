import type { FastifyInstance, FastifyRequest, RawRequestDefaultExpression } from 'fastify';

/**
 * İ, as in İstanbul, is the one letter whose lower case is longer than itself. The router compares
 * paths in lower case and cuts names out of the path as it came, by the same positions: a path with
 * this letter found no route. https://github.com/TanStack/router/pull/8149 has the same trouble.
 */
const LETTER = '\u0130';
const ENCODED = /%c4%b0/gi;

/** Stands for the letter in the router. A path cannot hold it, since it has no UTF-8 form. */
const STAND_IN = '\ud800';

/** A request's URL as the router takes it. */
export function urlForRouter({ url = '' }: RawRequestDefaultExpression): string {
  if (!url.includes('%')) return url;
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  return path.replace(ENCODED, STAND_IN) + url.slice(path.length);
}

/** Puts the letter back where a route has its names from, before anything else looks at them. */
export function restoreNames(app: FastifyInstance): void {
  app.addHook('onRequest', (request: FastifyRequest, _reply, done) => {
    if (request.raw.url !== request.originalUrl) {
      request.raw.url = request.originalUrl;
      const params = request.params as Record<string, string>;
      for (const [name, value] of Object.entries(params)) {
        params[name] = value.replaceAll(STAND_IN, LETTER);
      }
    }
    done();
  });
}
