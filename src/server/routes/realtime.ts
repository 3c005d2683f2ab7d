import multipart from '@fastify/multipart';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { ErrorResponse } from '../../api/index.js';
import type { ServerContext } from '../context.js';
import { ApiError } from '../errors.js';
import { RealtimeServices } from '../services/index.js';
import { startOfPart } from './upload.js';

const tags = ['Services Management APIs'];
const name = Type.String({ description: 'Name of the service; case-sensitive.' });
const version = Type.String({ description: 'Version of the service; case-sensitive.' });

const REFUSAL =
  'Always refused with 400 here, once everything else about the request is right: realtime services score models that rx_serialize_model has written with libraries of Microsoft, which this server does not have. Publish the model as a standard service (POST /services/{name}/{version}).';

/** Parts of the forms; the model comes last, as in R Server's document. */
const texts = {
  description: { type: 'string', description: 'Description of the service.' },
  operationId: { type: 'string', description: 'Alias of the service in its document.' },
} as const;
const model = { type: 'file', description: 'What rx_serialize_model has written.' } as const;

/** Thrown for a realtime service without its model. */
class MissingModelError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'MISSING_MODEL';
  override readonly name = 'MissingModelError';

  constructor() {
    super(
      'The request carries no model. Send multipart/form-data with the model in a part named "model", and description and operationId in others if you like.',
    );
  }
}

/**
 * Realtime services: models of R Server's own algorithms, scored without an interpreter. No server
 * but Microsoft's can do that, so these routes say what to do instead.
 */
export async function realtimeRoutes(
  plain: FastifyInstance,
  context: ServerContext,
): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { config, store } = context;
  const realtime = new RealtimeServices(store.services);
  // What is no form is not looked at: the route says what it wants instead.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, body, done) => {
    body.resume();
    done(null);
  });
  await app.register(multipart);

  const readModel = async (request: FastifyRequest): Promise<Uint8Array> => {
    const start = await startOfPart(request, 'model', config.maxUploadBytes);
    if (start === undefined || start.byteLength === 0) throw new MissingModelError();
    return start;
  };

  app.route({
    method: 'POST',
    url: '/realtime-services/:name',
    config: {
      document: { failures: [403], formData: { ...texts, model: { ...model, required: true } } },
    },
    schema: {
      operationId: 'publishRealtimeWebServiceByName',
      tags,
      summary: 'Publishes a realtime service, where a server can score its model.',
      description: REFUSAL,
      params: Type.Object({ name }),
      response: { 201: Type.String(), default: ErrorResponse },
    },
    handler: async (request) =>
      realtime.publish(request.user, request.params.name, undefined, await readModel(request)),
  });

  app.route({
    method: 'POST',
    url: '/realtime-services/:name/:version',
    config: {
      document: {
        failures: [403, 409],
        formData: { ...texts, model: { ...model, required: true } },
      },
    },
    schema: {
      operationId: 'publishRealtimeWebServiceByNameVersion',
      tags,
      summary: 'Publishes a version of a realtime service, where a server can score its model.',
      description: REFUSAL,
      params: Type.Object({ name, version }),
      response: { 201: Type.String(), default: ErrorResponse },
    },
    handler: async (request) =>
      realtime.publish(
        request.user,
        request.params.name,
        request.params.version,
        await readModel(request),
      ),
  });

  app.route({
    method: 'PATCH',
    url: '/realtime-services/:name/:version',
    config: { document: { failures: [403], formData: { ...texts, model } } },
    schema: {
      operationId: 'patchRealtimeWebServiceByNameVersion',
      tags,
      summary: 'Changes a version of a realtime service, of which this server has none.',
      description: REFUSAL,
      params: Type.Object({ name, version }),
      response: { 200: Type.String(), default: ErrorResponse },
    },
    handler: async (request) => {
      // The form is read to its end, so that a client which sends it whole gets the answer.
      await startOfPart(request, 'model', config.maxUploadBytes);
      return realtime.patch(request.user, request.params.name, request.params.version);
    },
  });
}
