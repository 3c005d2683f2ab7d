import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ErrorResponse, SessionDetails, SessionLease } from '../../api/index.js';
import type { ServerContext } from '../context.js';

const tags = ['Session APIs'];

/**
 * Routes that R Server did not have: who uses a session, how long it lives on unused, and a fresh
 * one in its place.
 */
export async function sessionDetailsRoutes(
  plain: FastifyInstance,
  { sessions }: ServerContext,
): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.route({
    method: 'GET',
    url: '/sessions/details',
    schema: {
      operationId: 'listSessionDetails',
      tags,
      summary: 'Lists your sessions, oldest first, with their state, their users and their leases.',
      response: { 200: Type.Array(SessionDetails), default: ErrorResponse },
    },
    handler: async (request) => sessions.listDetails(request.user),
  });

  app.route({
    method: 'PUT',
    url: '/sessions/:id/lease',
    schema: {
      operationId: 'setSessionLease',
      tags,
      summary: 'Sets how long a session lives on when nobody uses it.',
      params: Type.Object({ id: Type.String({ description: 'Id of the session.' }) }),
      body: SessionLease,
      response: { 200: SessionDetails, default: ErrorResponse },
    },
    handler: async (request) => {
      const session = sessions.find(request.user, request.params.id);
      await session.setLease(request.body.seconds);
      return session.details();
    },
  });

  app.route({
    method: 'POST',
    url: '/sessions/:id/restart',
    schema: {
      operationId: 'restartSession',
      tags,
      summary: 'Ends a session and starts a fresh one with its name, its lease and its files.',
      params: Type.Object({ id: Type.String({ description: 'Id of the session.' }) }),
      response: { 200: SessionDetails, default: ErrorResponse },
    },
    handler: async (request) => {
      return (await sessions.restart(request.user, request.params.id)).details();
    },
  });
}
