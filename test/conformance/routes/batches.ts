import { batchWith, startBatch } from '../../support/batches.js';
import { publish } from '../../support/services.js';
import { type Route, route } from './route.js';
import { NOTHING, type World } from './world.js';

const PATH = '/api/{name}/{version}/batch';
const TABLE = '/api/Table/1/batch';
const NO_SERVICE = 'no such version';
const NO_BATCH = 'no such batch, or that of another user';
const NO_ROW = 'no such row, or one that has not been run';

/** A batch of two rows that has ended. @returns its path */
async function batch({ request }: World): Promise<string> {
  const path = await startBatch(request, 'Table/1', [{ x: 1 }, { x: 2 }]);
  await batchWith(request, path);
  return path;
}

/** A batch whose rows leave a file. @returns its path */
async function batchWithFile(world: World): Promise<string> {
  const listed = await world.request('GET', '/services/Writes/1');
  if (listed.status === 404) {
    const code = 'open("out.txt", "w").write("written")';
    await publish(world.server, 'Writes/1', { code, outputFileNames: ['out.txt'] });
  }
  const path = await startBatch(world.request, 'Writes/1', [{}]);
  await batchWith(world.request, path);
  return path;
}

const start = (path: string, json: unknown) => ({ path, options: { json } });

const state = route('GetBatchExecutionStatus', `GET ${PATH}/{executionId}`, [
  [
    200,
    'it is there',
    async (world) => ({ path: await batch(world) }),
    ['state', 'completedItemCount', 'totalItemCount', 'batchExecutionResults'],
  ],
  [
    400,
    '`showPartialResults` is neither true nor false',
    async (world) => ({ path: `${await batch(world)}?showPartialResults=some` }),
  ],
  [404, NO_BATCH, () => ({ path: `${TABLE}/${NOTHING}` })],
]);

/** R Server's documents write states as `complete`, and its answers as `Complete`. */
const stateRoute: Route = {
  ...state,
  exercises: state.exercises.map((exercise) =>
    exercise.status === 200
      ? { ...exercise, contradictions: ['/state must be equal to one of the allowed values'] }
      : exercise,
  ),
};

/** Batches, described in the document of each service. */
export const BATCH_ROUTES: readonly Route[] = [
  route('StartBatchExecution', `POST ${PATH}`, [
    [
      202,
      'the rows are kept, and will be run',
      () => start(TABLE, [{ x: 1 }]),
      ['name', 'version', 'batchExecutionId', 'BatchExecutionId', 'parallelCount'],
    ],
    [400, 'no array of objects, or a row that is not as declared', () => start(TABLE, [{}])],
    [400, '`parallelCount` is no number', () => start(`${TABLE}?parallelCount=many`, [])],
    [404, NO_SERVICE, () => start('/api/Table/none/batch', [])],
    [
      413,
      'more rows or bytes than a batch may have, or more bytes than a row',
      () => start(TABLE, new Array(101).fill({ x: 1 })),
    ],
  ]),
  route('GetBatchExecutions', `GET ${PATH}`, [
    [200, 'always, with the ids of your batches', () => ({ path: TABLE })],
    [404, `${NO_SERVICE}, and no batch of it`, () => ({ path: '/api/Table/none/batch' })],
  ]),
  stateRoute,
  route('CancelAndDeleteBatchExecution', `DELETE ${PATH}/{executionId}`, [
    [200, 'it is gone, with the rows that ran', async (world) => ({ path: await batch(world) })],
    [404, NO_BATCH, () => ({ path: `${TABLE}/${NOTHING}` })],
  ]),
  route('GetBatchExecutionFiles', `GET ${PATH}/{executionId}/{index}/files`, [
    [
      200,
      'the row was run, with an empty list where it has left no file',
      async (world) => ({ path: `${await batch(world)}/0/files` }),
    ],
    [
      400,
      'the index is no number',
      async (world) => ({ path: `${await batch(world)}/first/files` }),
    ],
    [404, NO_BATCH, () => ({ path: `${TABLE}/${NOTHING}/0/files` })],
    [404, NO_ROW, async (world) => ({ path: `${await batch(world)}/2/files` })],
  ]),
  route('GetBatchExecutionFile', `GET ${PATH}/{executionId}/{index}/files/{fileName}`, [
    [
      200,
      'the row has left it',
      async (world) => ({ path: `${await batchWithFile(world)}/0/files/out.txt` }),
    ],
    [
      400,
      'the index is no number',
      async (world) => ({ path: `${await batch(world)}/x/files/out.txt` }),
    ],
    [
      404,
      'no such file',
      async (world) => ({ path: `${await batchWithFile(world)}/0/files/none.txt` }),
    ],
    [404, NO_BATCH, () => ({ path: `${TABLE}/${NOTHING}/0/files/out.txt` })],
  ]),
];
