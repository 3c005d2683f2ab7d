import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Counter, Histogram, type Registry } from 'prom-client';

/** Seconds. Calls of services take milliseconds, cells up to hours. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];

/** What a login that was answered with a status came to. */
const LOGIN_RESULTS: Readonly<Record<number, string>> = {
  200: 'succeeded',
  401: 'failed',
  429: 'slowed_down',
  503: 'busy',
};

/** Counts what a request came to. */
type Count = (seconds: number) => void;

/**
 * Measures every request under the pattern of its route, never under a path that a client has
 * chosen. What is counted for one route, method and status is looked up once and kept: a request
 * then costs a lookup and two additions.
 */
export function measureRequests(app: FastifyInstance, registry: Registry): void {
  const registers = [registry];
  const requests = new Counter({
    name: 'slipway_http_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'slipway_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['method', 'route'],
    buckets: BUCKETS,
    registers,
  });
  const logins = new Counter({
    name: 'slipway_logins_total',
    help: 'Logins with a name and a password, by what they came to.',
    labelNames: ['result'],
    registers,
  });
  for (const result of Object.values(LOGIN_RESULTS)) logins.inc({ result }, 0);
  const counts = new Map<string, Count>();

  app.addHook('onResponse', (request, reply, done) => {
    const { method, route } = labelsOf(request);
    const key = `${method} ${route} ${reply.statusCode}`;
    let count = counts.get(key);
    if (count === undefined) {
      count = createCount(method, route, reply);
      counts.set(key, count);
    }
    count(reply.elapsedTime / 1000);
    done();
  });

  function createCount(method: string, route: string, { statusCode }: FastifyReply): Count {
    const counter = requests.labels(method, route, String(statusCode));
    const histogram = durations.labels(method, route);
    const result = method === 'POST' && route === '/login' ? LOGIN_RESULTS[statusCode] : undefined;
    return (seconds) => {
      counter.inc();
      histogram.observe(seconds);
      if (result !== undefined) logins.inc({ result });
    };
  }
}

/** A request without a route is one of few kinds, whatever its path and method are. */
function labelsOf({ method, routeOptions }: FastifyRequest): { method: string; route: string } {
  const route = routeOptions.url;
  return route === undefined ? { method: 'any', route: 'none' } : { method, route };
}
