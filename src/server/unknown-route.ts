import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './errors.js';

/** Thrown for a path that no route has. */
class RouteNotFoundError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'ROUTE_NOT_FOUND';
  override readonly name = 'RouteNotFoundError';

  constructor(method: string, path: string) {
    super(`There is no route ${method} ${path}. GET /swagger.json lists the routes.`);
  }
}

/** Thrown for a path that routes of other methods have. */
class MethodNotAllowedError extends ApiError {
  readonly statusCode = 405;
  readonly code = 'METHOD_NOT_ALLOWED';
  override readonly name = 'MethodNotAllowedError';
  override readonly headers: Readonly<Record<string, string>>;

  constructor(method: string, path: string, allowed: readonly string[]) {
    super(
      `${path} does not take ${method}: send ${allowed.join(' or ')}. GET /swagger.json lists the routes.`,
    );
    this.headers = { allow: allowed.join(', ') };
  }
}

/** Characters of a path that a message shows. */
const SHOWN = 200;

/** Refuses requests that no route takes: with 405 where another method would do, else with 404. */
export function refuseUnknownRoutes(app: FastifyInstance): void {
  const routes: { readonly parts: readonly string[]; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ parts: partsOf(url), methods: [method].flat() });
  });
  app.setNotFoundHandler((request: FastifyRequest, _reply: FastifyReply) => {
    const [path = ''] = request.url.split('?', 1);
    const shown = path.slice(0, SHOWN);
    const parts = partsOf(path);
    const allowed = routes
      .filter((route) => matches(route.parts, parts))
      .flatMap((route) => route.methods);
    throw allowed.length === 0
      ? new RouteNotFoundError(request.method, shown)
      : new MethodNotAllowedError(request.method, shown, [...new Set(allowed)].sort());
  });
}

/** The parts of a path as the router compares them: without case and a trailing slash. */
function partsOf(path: string): string[] {
  return path.toLowerCase().replace(/\/$/, '').split('/');
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  return (
    pattern.length === parts.length &&
    pattern.every((part, index) => part === parts[index] || (part.startsWith(':') && parts[index]))
  );
}
