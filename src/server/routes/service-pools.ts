import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import {
  CreateOrUpdateServicePoolRequest,
  ErrorResponse,
  ServicePoolStatusResponse,
} from '../../api/index.js';
import type { ServerContext } from '../context.js';
import { ownAddress } from '../own-address.js';
import { sendString } from './send-json.js';

const tags = ['Services Management APIs'];
const params = Type.Object({
  name: Type.String({ description: 'Name of the service; case-sensitive.' }),
  version: Type.String({ description: 'Version of the service; case-sensitive.' }),
});

/** Pools of single services, as R Server has them since 9.3. */
export async function servicePoolRoutes(
  plain: FastifyInstance,
  context: ServerContext,
): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { services } = context;

  app.route({
    method: 'POST',
    url: '/services/:name/:version/pool',
    config: { document: { failures: [403] } },
    schema: {
      operationId: 'createOrUpdateServicePool',
      tags,
      summary: 'Gives a version of a service its own number of workers, and starts them.',
      params,
      body: CreateOrUpdateServicePoolRequest,
      response: { 200: Type.String(), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const { user, params: of, body } = request;
      await services.setPool(user, of.name, of.version, {
        initial: body.InitialPoolSize ?? undefined,
        max: body.MaxPoolSize ?? undefined,
      });
      return sendString(reply, of.version);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/services/:name/:version/pool',
    config: { document: { failures: [403] } },
    schema: {
      operationId: 'deleteServicePool',
      tags,
      summary: 'Lets a version of a service have as many workers as all others.',
      params,
      response: { 200: Type.String(), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const { user, params: of } = request;
      await services.removePool(user, of.name, of.version);
      return sendString(reply, of.version);
    },
  });

  app.route({
    method: 'GET',
    url: '/services/:name/:version/pool',
    schema: {
      operationId: 'getServicePoolStatus',
      tags,
      summary: 'Tells whether the own workers of a version of a service are ready.',
      params,
      response: { 200: Type.Array(ServicePoolStatusResponse), default: ErrorResponse },
    },
    handler: async (request) => {
      const { name, version } = request.params;
      const Status = await services.poolStatus(name, version);
      return [{ ComputeNodeEndpoint: ownAddress(request), Status }];
    },
  });
}
