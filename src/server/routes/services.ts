import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply } from 'fastify';
import Type from 'typebox';
import {
  ErrorResponse,
  PatchWebServiceRequest,
  PublishWebServiceRequest,
  WebService,
} from '../../api/index.js';
import type { ServerContext } from '../context.js';
import { sendString } from './send-json.js';

const tags = ['Services Management APIs'];
const name = Type.String({ description: 'Name of the service; case-sensitive.' });
const version = Type.String({ description: 'Version of the service; case-sensitive.' });
const ofService = Type.Object({ name });
const ofVersion = Type.Object({ name, version });
const services = Type.Array(WebService);

/** Publish, update, list and delete services. */
export async function serviceRoutes(plain: FastifyInstance, context: ServerContext): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();

  app.route({
    method: 'GET',
    url: '/services',
    schema: {
      operationId: 'getAllWebServices',
      tags,
      summary: 'Lists all versions of all services, oldest first.',
      response: { 200: services, default: ErrorResponse },
    },
    handler: async (request, reply) => sendJson(reply, await context.services.list(request.user)),
  });

  app.route({
    method: 'GET',
    url: '/services/:name',
    schema: {
      operationId: 'getAllWebServiceVersionsByName',
      tags,
      summary: 'Lists the versions of a service, oldest first.',
      params: ofService,
      response: { 200: services, default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const { user, params } = request;
      return sendJson(reply, await context.services.list(user, params.name));
    },
  });

  app.route({
    method: 'GET',
    url: '/services/:name/:version',
    schema: {
      operationId: 'getWebServiceVersion',
      tags,
      summary: 'Tells about one version of a service, as an array of one.',
      params: ofVersion,
      response: { 200: services, default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const { user, params } = request;
      return sendJson(reply, await context.services.list(user, params.name, params.version));
    },
  });

  app.route({
    method: 'POST',
    url: '/services/:name',
    config: { document: { failures: [403, 503], body: PatchWebServiceRequest } },
    schema: {
      operationId: 'publishWebService',
      tags,
      summary: 'Publishes a service under a version that the server makes up.',
      params: ofService,
      body: PublishWebServiceRequest,
      response: { 201: Type.String(), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const { user, params, body } = request;
      const published = await context.services.publish(user, params.name, undefined, body);
      return sendString(reply.code(201), published);
    },
  });

  app.route({
    method: 'POST',
    url: '/services/:name/:version',
    config: { document: { failures: [403, 409, 503], body: PatchWebServiceRequest } },
    schema: {
      operationId: 'publishWebServiceVersion',
      tags,
      summary: 'Publishes a version of a service. It can be called when this has answered.',
      params: ofVersion,
      body: PublishWebServiceRequest,
      response: { 201: Type.String(), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const { user, params, body } = request;
      const published = await context.services.publish(user, params.name, params.version, body);
      return sendString(reply.code(201), published);
    },
  });

  app.route({
    method: 'PATCH',
    url: '/services/:name/:version',
    config: { document: { failures: [403, 503], bodyName: 'patchRequest' } },
    schema: {
      operationId: 'patchWebServiceVersion',
      tags,
      summary: 'Changes a version of a service. What is absent or null stays; [] empties.',
      params: ofVersion,
      body: PatchWebServiceRequest,
      response: { 200: Type.String(), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const { user, params, body } = request;
      const patched = await context.services.patch(user, params.name, params.version, body);
      return sendString(reply, patched);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/services/:name/:version',
    config: { document: { failures: [403] } },
    schema: {
      operationId: 'deleteWebServiceVersion',
      tags,
      summary: 'Deletes a version of a service and ends its workers.',
      params: ofVersion,
      response: {
        200: Type.Unsafe<string>({ type: 'null', description: 'Deleted.' }),
        default: ErrorResponse,
      },
    },
    handler: async (request, reply) => {
      await context.services.remove(request.user, request.params.name, request.params.version);
      return reply.send('');
    },
  });
}

/** Sends what is JSON already. */
function sendJson(reply: FastifyReply, json: Buffer): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(json);
}
