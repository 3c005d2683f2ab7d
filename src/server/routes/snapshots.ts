import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { ErrorResponse, Snapshot } from '../../api/index.js';
import type { ServerContext } from '../context.js';
import { sendString } from './send-json.js';

const tags = ['Snapshot APIs'];
const params = Type.Object({ id: Type.String({ description: 'Id or name of the snapshot.' }) });

/** List, download and delete snapshots; sessions make and load them. */
export async function snapshotRoutes(
  plain: FastifyInstance,
  context: ServerContext,
): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { snapshots } = context;

  app.route({
    method: 'GET',
    url: '/snapshots',
    schema: {
      operationId: 'ListSnapshots',
      tags,
      summary: 'Lists your snapshots, oldest first.',
      response: { 200: Type.Array(Snapshot), default: ErrorResponse },
    },
    handler: (request) => snapshots.list(request.user.name),
  });

  app.route({
    method: 'GET',
    url: '/snapshots/:id',
    schema: {
      operationId: 'GetSnapshotContent',
      tags,
      summary: 'Downloads a snapshot as a zip file.',
      description:
        'The files of the working directory are at the root; the workspace is in the folder `.slipway`.',
      produces: ['application/zip'],
      params,
      response: { 200: Type.Unsafe({ type: 'file' }), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const record = await snapshots.find(request.user.name, request.params.id);
      const { size, stream } = snapshots.zip(record);
      return reply
        .type('application/zip')
        .header('content-length', size)
        .header('content-disposition', `attachment; filename="${record.id}.zip"`)
        .send(stream);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/snapshots/:id',
    schema: {
      operationId: 'DeleteSnapshot',
      tags,
      summary: 'Deletes a snapshot. Services published from it keep their own copy.',
      params,
      response: { 200: Type.String(), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      await snapshots.remove(request.user.name, request.params.id);
      return sendString(reply, request.params.id);
    },
  });
}
