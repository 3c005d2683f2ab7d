import multipart from '@fastify/multipart';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ErrorResponse } from '../../api/index.js';
import type { ServerContext } from '../context.js';
import { readUpload } from './upload.js';

const tags = ['Session APIs'];
const session = { id: Type.String({ description: 'Id of the session.' }) };
const sessionParams = Type.Object(session);
const fileParams = Type.Object({
  ...session,
  fileName: Type.String({ description: 'Path below the working directory of the session.' }),
});

/** Files in the working directory of a session. */
export async function sessionFileRoutes(
  plain: FastifyInstance,
  context: ServerContext,
): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { config, sessions } = context;
  // What is no form is not looked at: the route says what it wants instead.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, body, done) => {
    body.resume();
    done(null);
  });
  await app.register(multipart);

  app.route({
    method: 'POST',
    url: '/sessions/:id/files',
    config: {
      document: {
        formData: {
          file: { type: 'file', description: 'The file, with its name.', required: true },
        },
      },
    },
    schema: {
      operationId: 'uploadSessionFile',
      tags,
      summary: 'Uploads a file; one of the same name is overwritten.',
      produces: ['text/plain'],
      params: sessionParams,
      response: {
        201: Type.Unsafe<string>({ type: 'null', description: 'Uploaded.' }),
        default: ErrorResponse,
      },
    },
    handler: async (request, reply) => {
      const { files } = sessions.find(request.user, request.params.id);
      const { fileName, content } = await readUpload(request, config.maxUploadBytes);
      await files.write(fileName, content);
      return reply.code(201).type('text/plain').send('');
    },
  });

  app.route({
    method: 'GET',
    url: '/sessions/:id/files',
    schema: {
      operationId: 'listSessionFiles',
      tags,
      summary: 'Lists the files of a session.',
      params: sessionParams,
      response: { 200: Type.Array(Type.String()), default: ErrorResponse },
    },
    handler: async (request) => sessions.find(request.user, request.params.id).files.list(),
  });

  app.route({
    method: 'GET',
    url: '/sessions/:id/files/:fileName',
    schema: {
      operationId: 'getSessionFile',
      tags,
      summary: 'Downloads a file of a session.',
      produces: ['application/octet-stream'],
      params: fileParams,
      response: { 200: Type.Unsafe({ type: 'file' }), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const { files } = sessions.find(request.user, request.params.id);
      const content = await files.read(request.params.fileName);
      return reply.type('application/octet-stream').send(content);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/sessions/:id/files/:fileName',
    schema: {
      operationId: 'deleteSessionFile',
      tags,
      summary: 'Deletes a file of a session.',
      params: fileParams,
      response: {
        200: Type.Unsafe<string>({ type: 'null', description: 'Deleted.' }),
        default: ErrorResponse,
      },
    },
    handler: async (request, reply) => {
      const { files } = sessions.find(request.user, request.params.id);
      await files.remove(request.params.fileName);
      return reply.send('');
    },
  });
}
