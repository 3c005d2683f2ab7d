import { Readable } from 'node:stream';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import {
  BatchWebServiceResult,
  ErrorResponse,
  StartBatchExecutionResponse,
} from '../../api/index.js';
import { type BatchPlace, type BatchProgress, InvalidBatchQueryError } from '../batches/index.js';
import type { ServerContext } from '../context.js';

const tags = ['Batch Execution APIs'];
const service = {
  name: Type.String({ description: 'Name of the service; case-sensitive.' }),
  version: Type.String({ description: 'Version of the service; case-sensitive.' }),
};
const batch = { ...service, executionId: Type.String({ description: 'Id of the batch.' }) };
const index = Type.String({ description: 'Number of the row, from 0.' });
const ofService = Type.Object(service);
const ofBatch = Type.Object(batch);
const ofRow = Type.Object({ ...batch, index });
const ofFile = Type.Object({ ...batch, index, fileName: Type.String() });
const strings = Type.Array(Type.String());

/** Rows at the same time where the client does not say. */
const DEFAULT_PARALLEL = 10;

/** Run services for many rows. */
export async function batchRoutes(plain: FastifyInstance, context: ServerContext): Promise<void> {
  const app = plain.withTypeProvider<TypeBoxTypeProvider>();
  const { batches, config } = context;
  // R Server describes them in the document of each service alone.
  const hide = config.api !== 'slipway';

  // The rows go to the disk as they come.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  app.route<{ Params: { name: string; version: string }; Querystring: object; Body: unknown }>({
    method: 'POST',
    url: '/api/:name/:version/batch',
    bodyLimit: config.batch.maxBytes,
    schema: {
      hide,
      operationId: 'StartBatchExecution',
      tags,
      summary: 'Calls a service once for each object of an array, without waiting.',
      params: ofService,
      querystring: Type.Object({
        parallelCount: Type.Optional(
          Type.Unsafe<unknown>({
            type: 'integer',
            format: 'int32',
            description: `Rows to run at the same time: ${DEFAULT_PARALLEL} by default, ${config.batch.maxParallel} at most. A service runs no more of them than it has workers.`,
          }),
        ),
      }),
      body: Type.Unsafe({ type: 'array', items: { type: 'object', additionalProperties: true } }),
      response: { 202: StartBatchExecutionResponse, default: ErrorResponse },
    },
    // The rows are checked one by one as they arrive, and the number below.
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      const { name, version } = request.params;
      const body = request.body instanceof Readable ? request.body : Readable.from([]);
      const parallel = wholeNumber(request, 'parallelCount', 1) ?? DEFAULT_PARALLEL;
      const { id, parallelCount } = await batches.start(placeOf(request), body, parallel);
      const ids = { batchExecutionId: id, BatchExecutionId: id };
      return reply.code(202).send({ name, version, ...ids, parallelCount });
    },
  });

  app.route({
    method: 'GET',
    url: '/api/:name/:version/batch',
    schema: {
      hide,
      operationId: 'GetBatchExecutions',
      tags,
      summary: 'Lists the ids of your batches of a service, oldest first.',
      params: ofService,
      response: { 200: strings, default: ErrorResponse },
    },
    handler: (request) => batches.list(placeOf(request)),
  });

  app.route<{ Params: { executionId: string } }>({
    method: 'GET',
    url: '/api/:name/:version/batch/:executionId',
    schema: {
      hide,
      operationId: 'GetBatchExecutionStatus',
      tags,
      summary: 'Tells how far a batch is, with the results that it has.',
      description: 'Clients of R Server also write `showPartialResult`.',
      params: ofBatch,
      querystring: Type.Object({
        showPartialResults: Type.Optional(
          Type.Unsafe<unknown>({
            type: 'boolean',
            description: 'Whether results are wanted before all rows have one; true by default.',
          }),
        ),
      }),
      response: { 200: BatchWebServiceResult, default: ErrorResponse },
    },
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      const isPartial =
        yesOrNo(request, 'showPartialResults') ?? yesOrNo(request, 'showPartialResult') ?? true;
      const { executionId } = request.params;
      const progress = await batches.progress(placeOf(request), executionId, isPartial);
      const { head, tail } = enclosing(progress);
      const { length, stream } = progress.results;
      return reply
        .type('application/json; charset=utf-8')
        .header('content-length', head.length + length + tail.length)
        .send(joined(head, stream, tail));
    },
  });

  app.route<{ Params: { executionId: string } }>({
    method: 'DELETE',
    url: '/api/:name/:version/batch/:executionId',
    schema: {
      hide,
      operationId: 'CancelAndDeleteBatchExecution',
      tags,
      summary: 'Stops a batch, its running rows too, and deletes it with its results.',
      params: ofBatch,
      response: { 200: strings, default: ErrorResponse },
    },
    handler: async (request) => {
      const { executionId } = request.params;
      await batches.remove(placeOf(request), executionId);
      return [executionId];
    },
  });

  app.route<{ Params: { executionId: string; index: string } }>({
    method: 'GET',
    url: '/api/:name/:version/batch/:executionId/:index/files',
    schema: {
      hide,
      operationId: 'GetBatchExecutionFiles',
      tags,
      summary: 'Lists the files that the run of a row has left.',
      params: ofRow,
      response: { 200: strings, default: ErrorResponse },
    },
    handler: async (request) => {
      const { executionId } = request.params;
      const files = await batches.files(placeOf(request), executionId, rowOf(request.params));
      return files.map(({ name }) => name);
    },
  });

  app.route<{ Params: { executionId: string; index: string; fileName: string } }>({
    method: 'GET',
    url: '/api/:name/:version/batch/:executionId/:index/files/:fileName',
    schema: {
      hide,
      operationId: 'GetBatchExecutionFile',
      tags,
      summary: 'Downloads a file that the run of a row has left.',
      produces: ['application/octet-stream'],
      params: ofFile,
      response: { 200: Type.Unsafe({ type: 'file' }), default: ErrorResponse },
    },
    handler: async (request, reply) => {
      const { executionId, fileName } = request.params;
      const row = rowOf(request.params);
      const { size, stream } = await batches.file(placeOf(request), executionId, row, fileName);
      return reply.type('application/octet-stream').header('content-length', size).send(stream);
    },
  });
}

function placeOf(request: FastifyRequest): BatchPlace {
  const { name, version } = request.params as { readonly name: string; readonly version: string };
  return { user: request.user, name, version };
}

/** @throws {InvalidBatchQueryError} */
function rowOf({ index: written }: { readonly index: string }): number {
  if (/^\d{1,15}$/.test(written)) return Number(written);
  throw new InvalidBatchQueryError(
    'The number of a row must be a whole number; rows are counted from 0.',
    'index',
  );
}

/** A number of the query; undefined where it is not given. @throws {InvalidBatchQueryError} */
function wholeNumber(request: FastifyRequest, key: string, minimum: number): number | undefined {
  const written = queryValue(request, key);
  if (written === undefined) return undefined;
  const value = /^\d{1,9}$/.test(written) ? Number(written) : Number.NaN;
  if (value >= minimum) return value;
  throw new InvalidBatchQueryError(`${key} must be a whole number, ${minimum} or more.`, key);
}

/** Python writes True and R writes TRUE. @throws {InvalidBatchQueryError} */
function yesOrNo(request: FastifyRequest, key: string): boolean | undefined {
  const written = queryValue(request, key)?.toLowerCase();
  if (written === undefined) return undefined;
  if (written === 'true' || written === 'false') return written === 'true';
  throw new InvalidBatchQueryError(`${key} must be true or false.`, key);
}

/** A value of the query as it is written; an empty one counts as absent. */
function queryValue({ query }: FastifyRequest, key: string): string | undefined {
  const value = (query as Readonly<Record<string, string | string[] | undefined>>)[key];
  if (Array.isArray(value)) throw new InvalidBatchQueryError(`${key} is given twice.`, key);
  return value === '' ? undefined : value;
}

/** What stands before and after the results in the order of keys of the wire. */
function enclosing({ state, completed, total }: BatchProgress): { head: Buffer; tail: Buffer } {
  const counts = { state, completedItemCount: completed, totalItemCount: total };
  const head = `${JSON.stringify(counts).slice(0, -1)},"batchExecutionResults":[`;
  return { head: Buffer.from(head), tail: Buffer.from(']}') };
}

/** One stream of all; when it ends before its time, so does the one in the middle. */
function joined(head: Buffer, middle: Readable, tail: Buffer): Readable {
  async function* pieces(): AsyncGenerator<Buffer> {
    yield head;
    yield* middle;
    yield tail;
  }
  return Readable.from(pieces()).once('close', () => middle.destroy());
}
