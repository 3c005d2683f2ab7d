import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ErrorResponse } from '../../api/index.js';
import type { ServerContext } from '../context.js';

const tags = ['Session APIs'];
const session = { id: Type.String({ description: 'Id of the session.' }) };
const sessionParams = Type.Object(session);
const objectParams = Type.Object({
  ...session,
  objectName: Type.String({ description: 'Name of the object in the workspace.' }),
});

/** Objects in the workspace of a session, as `dill.dumps` and `dill.loads` have them. */
export async function workspaceRoutes(
  plain: FastifyInstance,
  context: ServerContext,
): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { config, sessions } = context;
  // Whatever content type a client names, the body is an object's bytes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    '*',
    { parseAs: 'buffer', bodyLimit: config.maxUploadBytes },
    (_request, body, done) => done(null, body),
  );

  app.route({
    method: 'GET',
    url: '/sessions/:id/workspace',
    schema: {
      operationId: 'listWorkspaceObjects',
      tags,
      summary: 'Lists the names of the objects in a session, also while code runs.',
      description: 'A session that was live and has ended is answered with 410.',
      params: sessionParams,
      response: { 200: Type.Array(Type.String()), default: ErrorResponse },
    },
    handler: async (request) => sessions.find(request.user, request.params.id).workspaceNames(),
  });

  app.route({
    method: 'POST',
    url: '/sessions/:id/workspace/:objectName',
    config: { document: { binaryBody: 'serializedObject' } },
    schema: {
      operationId: 'setWorkspaceObject',
      tags,
      summary: 'Puts an object into a session from the bytes of dill.dumps or pickle.dumps.',
      consumes: ['application/octet-stream'],
      params: objectParams,
      response: {
        200: Type.Unsafe<string>({ type: 'null', description: 'Set.' }),
        default: ErrorResponse,
      },
    },
    handler: async (request, reply) => {
      const live = sessions.find(request.user, request.params.id);
      const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      await live.setWorkspaceObject(request.params.objectName, bytes);
      return reply.send('');
    },
  });

  app.route({
    method: 'GET',
    url: '/sessions/:id/workspace/:objectName',
    schema: {
      operationId: 'getWorkspaceObject',
      tags,
      summary: 'Downloads an object as bytes for dill.loads or pickle.loads.',
      produces: ['application/octet-stream'],
      params: objectParams,
      response: { 200: Type.Unsafe({ type: 'file' }), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const live = sessions.find(request.user, request.params.id);
      const bytes = await live.workspaceObject(request.params.objectName);
      return reply.type('application/octet-stream').send(bytes);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/sessions/:id/workspace/:objectName',
    schema: {
      operationId: 'deleteWorkspaceObject',
      tags,
      summary: 'Deletes an object from a session.',
      params: objectParams,
      response: {
        200: Type.Unsafe<string>({ type: 'null', description: 'Deleted.' }),
        default: ErrorResponse,
      },
    },
    handler: async (request, reply) => {
      const live = sessions.find(request.user, request.params.id);
      await live.deleteWorkspaceObject(request.params.objectName);
      return reply.send('');
    },
  });
}
