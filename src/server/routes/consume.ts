import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ErrorResponse, WebServiceResult } from '../../api/index.js';
import type { ServerContext } from '../context.js';

const tags = ['Service Consumption APIs'];
const params = Type.Object({
  name: Type.String({ description: 'Name of the service; case-sensitive.' }),
  version: Type.String({ description: 'Version of the service; case-sensitive.' }),
});

/** Call services, and get their documents. */
export async function consumeRoutes(plain: FastifyInstance, context: ServerContext): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { config, services } = context;

  // The body goes on to the worker as it came; the service's own validator looks into it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });

  app.route<{ Params: { name: string; version: string }; Body: Buffer | object }>({
    method: 'POST',
    url: '/api/:name/:version',
    config: { document: { failures: [500, 503] }, unlogged: true },
    schema: {
      // R Server describes it in the document of each service alone.
      hide: config.api !== 'slipway',
      operationId: 'ConsumeWebService',
      tags,
      summary: 'Calls a service with its parameters by name.',
      description:
        'Code that fails is a 200 with `success: false`. The document of the service tells its parameters.',
      body: Type.Unsafe({ type: 'object', additionalProperties: true }),
      response: { 200: WebServiceResult, default: ErrorResponse },
    },
    // The body is documented here and checked by the service's own validator.
    validatorCompiler: () => () => true,
    handler: (request, reply) => {
      const { name, version } = request.params;
      const body = Buffer.isBuffer(request.body) ? request.body : NO_BODY;
      const { socket } = request.raw;
      services
        .consume(name, version, body, request.id, () => socket.destroyed)
        .then(
          (answer) => {
            // Nothing is left to be done to it, and the framework's way out is slower.
            reply.hijack();
            reply.raw.writeHead(200, {
              'content-type': 'application/json; charset=utf-8',
              'content-length': answer.byteLength,
              'x-request-id': request.id,
            });
            reply.raw.end(answer.byteLength <= TEXT_LIMIT ? answer.toString() : answer);
          },
          (error: unknown) => reply.send(error),
        );
    },
  });

  app.route({
    method: 'GET',
    url: '/api/:name/:version/swagger.json',
    schema: {
      operationId: 'GetWebServiceSwagger',
      tags,
      summary: 'The Swagger document of one version of a service.',
      params,
      response: { 200: Type.Unsafe({ type: 'object' }), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const { name, version } = request.params;
      const document = await services.document(name, version);
      return reply.type('application/json; charset=utf-8').send(document);
    },
  });
}

const NO_BODY = Buffer.alloc(0);

/** Bytes of an answer that goes out as text: Node then writes it in one piece with its head. */
const TEXT_LIMIT = 16 * 1024;
