import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WebServiceResult } from '../../../src/api/index.js';
import { rawRequest } from '../../support/raw-http.js';
import { expectRefusal, type Refusal } from '../../support/refusal.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { consume, publish, tryPublish } from '../../support/services.js';

const definitions = (types: Readonly<Record<string, string>>) =>
  Object.entries(types).map(([name, type]) => ({ name, type }));

let server: TestServer;
let stranger: string;

beforeAll(async () => {
  server = await startTestServer();
  stranger = await server.addUser('stranger');
  await publish(server, 'Echo/1', {
    code: 'seen = text',
    inputParameterDefinitions: definitions({ text: 'character' }),
    outputParameterDefinitions: [{ name: 'seen', type: 'character' }],
  });
});
afterAll(() => server.close());
afterEach(async () => {
  expect(await consume(server, 'Echo/1', { text: 'a' })).toMatchObject({ success: true });
});

describe('a service', () => {
  const NOT_FOUND: Refusal = {
    status: 404,
    exceptionType: 'SERVICE_NOT_FOUND',
    words: 'both are case-sensitive',
  };

  it.each([
    ['POST', '/api/None/1'],
    ['POST', '/api/Echo/2'],
    ['POST', '/api/echo/1'],
    ['POST', '/api/Echo%2F1/1'],
    ['POST', '/api/%2e%2e/1'],
    ['POST', '/api/Echo/%00'],
    ['GET', '/api/Echo/2/swagger.json'],
    ['GET', '/services/Echo/2'],
    ['PATCH', '/services/Echo/2'],
    ['DELETE', '/services/Echo/2'],
    ['DELETE', '/services/%E2%98%83/1'],
  ])('that is not there is refused: %s %s', async (method, path) => {
    const chunks = method === 'POST' || method === 'PATCH' ? ['{}'] : [];
    expectRefusal(server, await rawRequest(server, { method, path, chunks }), NOT_FOUND);
  });

  it('of another user is neither changed nor deleted', async () => {
    const refusal = {
      status: 403,
      exceptionType: 'NOT_SERVICE_OWNER',
      words: 'published by admin',
    };
    for (const method of ['PATCH', 'DELETE']) {
      const options = { token: stranger, ...(method === 'PATCH' && { json: { code: 'x = 1' } }) };
      expectRefusal(server, await server.request(method, '/services/Echo/1', options), refusal);
    }
  });

  it('of a name and version that exist is refused, whoever publishes it', async () => {
    const refusal = { status: 409, exceptionType: 'DUPLICATE_SERVICE', words: 'Echo' };
    for (const token of [server.token, stranger]) {
      expectRefusal(
        server,
        await tryPublish(server, 'Echo/1', { code: 'x = 1' }, { token }),
        refusal,
      );
    }
  });

  it.each([
    '%2e/1',
    'a%2Fb/1',
    'a%5Cb/1',
    'a%00b/1',
    'a%0Ab/1',
    'a%7Fb/1',
    `${'x'.repeat(129)}/1`,
    'a/..%2F1',
    `a/${'1'.repeat(129)}`,
  ])('is not published under the name %s', async (path) => {
    const json = JSON.stringify({ runtimeType: 'Python', code: 'x = 1' });
    const sent = { method: 'POST', path: `/services/${path}`, chunks: [json] };
    expectRefusal(server, await rawRequest(server, sent), {
      status: 400,
      exceptionType: 'INVALID_SERVICE',
      words: 'Take 1 to 128 characters',
    });
  });

  it.each(['a%20b/1.0%20beta', 'K%C3%A4se%E2%98%83/%F0%9F%98%80', 'a%25b/%252e'])(
    'is published, called and deleted under the name %s',
    async (path) => {
      const json = { code: 'x = 1', outputParameterDefinitions: definitions({ x: 'integer' }) };
      expect((await tryPublish(server, path, json)).status).toBe(201);
      const { outputParameters } = await consume(server, path);
      expect(outputParameters).toEqual({ x: 1 });
      expect((await server.request('GET', `/api/${path}/swagger.json`)).status).toBe(200);
      expect((await server.request('DELETE', `/services/${path}`)).status).toBe(200);
    },
  );

  const invalid = (words: string): Refusal => ({
    status: 400,
    exceptionType: 'INVALID_SERVICE',
    words,
  });
  const notLoadable = (words: string): Refusal => ({
    status: 400,
    exceptionType: 'SERVICE_NOT_LOADABLE',
    words,
  });
  const requests: [string, object, Refusal][] = [
    [
      'no code',
      { code: null },
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'body.code is not valid' },
    ],
    [
      'no runtime',
      { runtimeType: null },
      { status: 400, exceptionType: 'RUNTIME_UNAVAILABLE', words: 'send "runtimeType": "Python"' },
    ],
    [
      'R',
      { runtimeType: 'R' },
      { status: 400, exceptionType: 'RUNTIME_UNAVAILABLE', words: 'install R' },
    ],
    [
      'an unknown runtime',
      { runtimeType: 'Julia' },
      { status: 400, exceptionType: 'INVALID_REQUEST', words: '"R", "Python" or null' },
    ],
    [
      'an unknown snapshot',
      { snapshotId: 'none' },
      { status: 404, exceptionType: 'SNAPSHOT_NOT_FOUND', words: 'GET /snapshots' },
    ],
    [
      'an unknown type',
      { inputParameterDefinitions: definitions({ x: 'float64' }) },
      invalid('The types are logical'),
    ],
    [
      'a type from a prototype',
      { inputParameterDefinitions: definitions({ x: 'constructor' }) },
      invalid('The types are logical'),
    ],
    [
      'an input that is no variable',
      { inputParameterDefinitions: definitions({ 'a b': 'numeric' }) },
      invalid('"a b"'),
    ],
    [
      'an input twice',
      {
        inputParameterDefinitions: [
          ...definitions({ x: 'numeric' }),
          ...definitions({ x: 'numeric' }),
        ],
      },
      invalid('twice'),
    ],
    [
      'inputs by name',
      { inputParameterDefinitions: { x: 'numeric' } },
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'an array or null' },
    ],
    ...['../a', '/a', 'a/', '.', '..', '', 'a\\b', 'a\0b', 'x'.repeat(300)].map(
      (name): [string, object, Refusal] => [
        `the output file ${JSON.stringify(name.slice(0, 10))}`,
        { outputFileNames: [name] },
        invalid('relative path inside the working directory'),
      ],
    ),
    ['code that cannot be parsed', { code: 'x = 1\nif x\n' }, notLoadable('line 2')],
    [
      'code with a NUL',
      { code: 'x = 1\0' },
      notLoadable('syntax error: source code string cannot contain null bytes'),
    ],
    [
      'code nested too deeply for the parser',
      { code: `x = ${'-'.repeat(100_000)}1` },
      notLoadable('not Python source'),
    ],
    [
      'code nested too deeply for Python',
      { code: `x = ${'('.repeat(5000)}${')'.repeat(5000)}` },
      notLoadable('parentheses'),
    ],
    ['initCode that raises', { initCode: 'open("none.csv")' }, notLoadable('none.csv')],
    [
      'initCode that ends the process',
      { initCode: 'import os; os._exit(3)' },
      notLoadable('status 3'),
    ],
    [
      'initCode that fails in the interpreter',
      { initCode: 'import ctypes; ctypes.string_at(0)' },
      notLoadable('SIGSEGV'),
    ],
  ];

  it.each(requests)('is not published with %s', async (_what, request, refusal) => {
    const json = { runtimeType: 'Python', code: 'x = 1', ...request };
    expectRefusal(server, await server.request('POST', '/services/Bad/1', { json }), refusal);
    expect((await server.request('GET', '/services/Bad')).json()).toEqual([]);
  });

  it('is as it was after a patch that is refused', async () => {
    const json = { code: 'seen = ' };
    const answer = await server.request('PATCH', '/services/Echo/1', { json });
    expectRefusal(server, answer, notLoadable('line 1'));
    const result: WebServiceResult = await consume(server, 'Echo/1', { text: 'a' });
    expect(result.outputParameters).toEqual({ seen: 'a' });
  });
});
