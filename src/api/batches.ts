import Type, { type Static } from 'typebox';
import { WebServiceResult } from './services.js';

/**
 * Answer of `POST /api/{name}/{version}/batch`. Clients of R Server read the id under one or the
 * other spelling; `parallelCount` is told by Slipway alone.
 */
export const StartBatchExecutionResponse = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    batchExecutionId: Type.String({ description: 'Id of the batch.' }),
    BatchExecutionId: Type.Optional(Type.String({ description: 'The same.' })),
    parallelCount: Type.Optional(
      Type.Integer({ description: 'Rows that run at the same time, at most.' }),
    ),
  },
  { $id: 'StartBatchExecutionResponse' },
);
export type StartBatchExecutionResponse = Static<typeof StartBatchExecutionResponse>;

/** Answer of `GET /api/{name}/{version}/batch/{executionId}`. */
export const BatchWebServiceResult = Type.Object(
  {
    state: Type.String({
      description:
        'Pending while it waits for its turn, InProgress, Complete, or Failed when its results could not be kept.',
    }),
    completedItemCount: Type.Integer({
      description: 'Rows that have a result, counted from the first one without a gap.',
    }),
    totalItemCount: Type.Integer(),
    batchExecutionResults: Type.Array(WebServiceResult, {
      description: 'Results of the first rows, in the order of the rows.',
    }),
  },
  { $id: 'BatchWebServiceResult' },
);
export type BatchWebServiceResult = Static<typeof BatchWebServiceResult>;
