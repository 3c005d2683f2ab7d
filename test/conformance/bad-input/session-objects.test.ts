import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ExecuteResponse } from '../../../src/api/index.js';
import { expectRefusal, type Refusal } from '../../support/refusal.js';
import { startTestServer, type TestServer } from '../../support/server.js';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

let server: TestServer;
let stranger: string;
let session: string;

async function create(json: object = { runtimeType: 'Python' }): Promise<string> {
  const answer = await server.request('POST', '/sessions', { json });
  return `/sessions/${answer.json<{ sessionId: string }>().sessionId}`;
}

async function execute(code: string, more: object = {}): Promise<ExecuteResponse> {
  const answer = await server.request('POST', `${session}/execute`, { json: { code, ...more } });
  expect(answer.status).toBe(200);
  return answer.json<ExecuteResponse>();
}

beforeAll(async () => {
  server = await startTestServer({ maxUploadBytes: 1_000_000 });
  stranger = await server.addUser('stranger');
  session = await create();
  await execute('kept = 42');
});
afterAll(() => server.close());
afterEach(async () => {
  const { outputParameters } = await execute('', { outputParameters: ['kept'] });
  expect(outputParameters).toEqual([{ name: 'kept', value: 42 }]);
});

describe('an object of a session', () => {
  const cases: [string, string, string | undefined, Refusal][] = [
    ['GET', 'none', undefined, { status: 404, exceptionType: 'OBJECT_NOT_FOUND', words: 'none' }],
    [
      'DELETE',
      'none',
      undefined,
      { status: 404, exceptionType: 'OBJECT_NOT_FOUND', words: 'none' },
    ],
    ['POST', 'x', undefined, { status: 400, exceptionType: 'OBJECT_TRANSFER', words: 'x' }],
    [
      'POST',
      'x',
      'not a pickle',
      { status: 400, exceptionType: 'OBJECT_TRANSFER', words: 'pickle' },
    ],
    ['POST', 'x', '\x80\x04c', { status: 400, exceptionType: 'OBJECT_TRANSFER', words: 'x' }],
    [
      'POST',
      'x',
      'cno_such_module\nf\n.',
      { status: 400, exceptionType: 'OBJECT_TRANSFER', words: 'no_such_module' },
    ],
    ['POST', '1x', 'N.', { status: 400, exceptionType: 'INVALID_OBJECT_NAME', words: '1x' }],
    // A letter of Unicode 17, which this server knows and Python up to 3.14 does not.
    [
      'POST',
      '%F0%B2%8E%B0',
      'N.',
      { status: 400, exceptionType: 'INVALID_OBJECT_NAME', words: '\u{323b0}' },
    ],
    [
      'POST',
      'x',
      'x'.repeat(1_000_001),
      { status: 413, exceptionType: 'BODY_TOO_LARGE', words: 'too large' },
    ],
    ['GET', 'locked', undefined, { status: 400, exceptionType: 'OBJECT_TRANSFER', words: 'lock' }],
    [
      'GET',
      '%2e%2e%2fx',
      undefined,
      { status: 400, exceptionType: 'INVALID_OBJECT_NAME', words: '../x' },
    ],
  ];

  it.each(cases)('%s %s is refused', async (method, name, body, refusal) => {
    await execute('import threading; locked = threading.Lock()');
    const path = `${session}/workspace/${name}`;
    const options = body === undefined ? {} : { body };
    expectRefusal(server, await server.request(method, path, options), refusal);
  });
});

describe('a snapshot', () => {
  const NOT_FOUND: Refusal = {
    status: 404,
    exceptionType: 'SNAPSHOT_NOT_FOUND',
    words: 'GET /snapshots lists yours.',
  };

  it('of another user is not there, by its id and by its name', async () => {
    const json = { name: 'mine' };
    const { snapshotId } = (await server.request('POST', `${session}/snapshot`, { json })).json<{
      snapshotId: string;
    }>();
    const sent = { json: { runtimeType: 'Python' }, token: stranger };
    const own = (await server.request('POST', '/sessions', sent)).json<{ sessionId: string }>();
    for (const id of [snapshotId, 'mine']) {
      const asStranger = (method: string, path: string, body?: object) =>
        server.request(method, path, { token: stranger, ...(body && { json: body }) });
      const answers = [
        await asStranger('GET', `/snapshots/${id}`),
        await asStranger('DELETE', `/snapshots/${id}`),
        await asStranger('POST', '/sessions', { runtimeType: 'Python', snapshotId: id }),
        await asStranger('POST', `/sessions/${own.sessionId}/loadsnapshot/${id}`),
        await asStranger('POST', '/services/Taken/1', {
          runtimeType: 'Python',
          code: 'x = 1',
          snapshotId: id,
        }),
      ];
      for (const answer of answers) expectRefusal(server, answer, NOT_FOUND);
    }
    expect((await server.request('GET', `/snapshots/${snapshotId}`)).status).toBe(200);
  });

  it.each([UNKNOWN, 'nonsense', '%2e%2e%2f', '%00'])('with the id %s is not there', async (id) => {
    for (const method of ['GET', 'DELETE']) {
      expectRefusal(server, await server.request(method, `/snapshots/${id}`), NOT_FOUND);
    }
    const load = await server.request('POST', `${session}/loadsnapshot/${id}`);
    expectRefusal(server, load, NOT_FOUND);
  });

  const selections: [string, object, Refusal][] = [
    [
      'names that do not exist',
      { names: ['kept', 'none'] },
      { status: 400, exceptionType: 'SNAPSHOT_SELECTION', words: 'none' },
    ],
    [
      'code that cannot be parsed',
      { code: 'def' },
      { status: 400, exceptionType: 'SNAPSHOT_SELECTION', words: 'syntax' },
    ],
    [
      'names that are no list',
      { names: 'kept' },
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'body.names is not valid' },
    ],
  ];

  it.each(selections)('is not made of %s', async (_what, json, refusal) => {
    expectRefusal(server, await server.request('POST', `${session}/snapshot`, { json }), refusal);
  });
});
