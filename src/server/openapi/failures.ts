import type { RouteOptions } from 'fastify';

/** What a status of a failure means, in the words that stand behind it in the document. */
const MEANINGS: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict (it exists)',
  410: 'Gone (the session was live and has ended)',
  413: 'Too large',
  414: 'A part of the path is too long',
  415: 'The content type is none, or the body is compressed',
  429: 'Too many wrong passwords (Retry-After tells when to try again)',
  500: 'The code did not answer',
  503: 'Busy (send the request again)',
};

/**
 * The statuses that tell of failures of a route: those that follow from what it takes, and those
 * that it names itself.
 *
 * They stand in the text of the response `default`, as in R Server's document. Generated clients
 * take every status that has a response of its own for a success.
 */
export function failuresOf(route: RouteOptions): readonly number[] {
  const { method, url, schema, config } = route;
  const hasParameters = url.includes(':');
  const readsBody = method !== 'GET';
  const statuses = new Set([401, ...(config?.document?.failures ?? [])]);
  if (hasParameters) for (const status of [400, 404, 414]) statuses.add(status);
  if (readsBody) for (const status of [400, 413, 415]) statuses.add(status);
  if (schema?.querystring !== undefined) statuses.add(400);
  // Whatever is asked of a session that has ended, or that is interrupted or cut off meanwhile.
  if (url.startsWith('/sessions/:id')) for (const status of [410, 503]) statuses.add(status);
  return [...statuses].sort((one, other) => one - other);
}

/** The text of the response `default` of a route. */
export function describeFailures(route: RouteOptions): string {
  return failuresOf(route)
    .map((status) => `* \`${status}\` - ${MEANINGS[status] ?? 'Failed'}`)
    .join('\n');
}
