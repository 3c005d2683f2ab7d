import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AuditLog } from './audit-log.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the audit log tells of a request beside what all requests have. */
    audit: { user?: string | undefined; readonly made: Record<string, string> } | null;
  }
}

/** Requests that change nothing. */
const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Of the answers that are looked at: all that tell of something new are short. */
const LONGEST_ANSWER = 4096;
/** Members of answers that name what has been made. */
const MADE = ['sessionId', 'snapshotId', 'batchExecutionId'];
/** A name as it was typed; the longest that an account can have. */
const LONGEST_NAME = 128;

/**
 * Notes every request that changes something, and every login, renewal and revocation. Calls of
 * services are not changes, and are in the log of requests where that is wanted.
 */
export function auditRequests(app: FastifyInstance, audit: AuditLog): void {
  app.decorateRequest('audit', null);
  app.addHook('onRequest', (request, _reply, done) => {
    if (isAudited(request)) request.audit = { made: {} };
    done();
  });
  app.addHook('onError', (request, _reply, error, done) => {
    const { user } = error as { user?: unknown };
    if (request.audit !== null && typeof user === 'string') request.audit.user = user;
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    const isShort =
      typeof payload === 'string' && payload !== '' && payload.length <= LONGEST_ANSWER;
    const type = reply.getHeader('content-type');
    if (request.audit !== null && isShort && String(type).startsWith('application/json')) {
      Object.assign(request.audit.made, readAnswer(payload));
    }
    done(null, payload);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { audit: noted } = request;
    if (noted !== null) {
      const { error, ...made } = noted.made;
      audit.note({
        requestId: request.id,
        user: noted.user ?? request.user?.name ?? nameSaid(request),
        address: request.ip,
        operation: operationOf(request),
        subject: { ...subjectOf(request), ...(reply.statusCode < 400 ? made : {}) },
        status: reply.statusCode,
        error: reply.statusCode < 400 ? undefined : error,
      });
    }
    done();
  });
}

function isAudited({ method, routeOptions }: FastifyRequest): boolean {
  // The one route that has to be fast, which is left out of the log of requests, too.
  return !READING.has(method) && routeOptions.url !== undefined && !routeOptions.config?.unlogged;
}

function operationOf({ method, routeOptions }: FastifyRequest): string {
  const { operationId } = (routeOptions.schema ?? {}) as { operationId?: string };
  return operationId ?? `${method} ${routeOptions.url}`;
}

/** Names and ids of the path; what the wildcard of a route holds is a refresh token. */
function subjectOf({ params }: FastifyRequest): Record<string, string> {
  const { '*': _secret, ...named } = (params ?? {}) as Record<string, string>;
  return named;
}

/** Who somebody who is not known has said to be. */
function nameSaid({ body }: FastifyRequest): string | undefined {
  const { username } = (body ?? {}) as { username?: unknown };
  return typeof username === 'string' ? username.slice(0, LONGEST_NAME) : undefined;
}

/** What an answer says has been made, and the code of its error. */
function readAnswer(payload: string): Record<string, string> {
  const answer: unknown = JSON.parse(payload);
  if (typeof answer !== 'object' || answer === null) return {};
  const members = answer as Readonly<Record<string, unknown>>;
  const found: Record<string, string> = {};
  for (const name of MADE) {
    const value = members[name];
    if (typeof value === 'string') found[name] = value;
  }
  if (typeof members.exceptionType === 'string') found.error = members.exceptionType;
  return found;
}
