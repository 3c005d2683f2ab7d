import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exchangeBytes, rawRequest } from '../../support/raw-http.js';
import { expectRefusal, type Refusal } from '../../support/refusal.js';
import { startTestServer, type TestServer } from '../../support/server.js';

const MAX_BODY = 200_000;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ maxBodyBytes: MAX_BODY });
});
afterAll(() => server.close());
afterEach(async () => {
  expect((await server.request('GET', '/status')).status).toBe(200);
});

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

describe('a body', () => {
  const NOT_JSON: Refusal = { status: 400, exceptionType: 'INVALID_JSON', words: 'not valid JSON' };
  const TOO_DEEP: Refusal = { status: 400, exceptionType: 'NESTED_TOO_DEEP', words: '500 levels' };
  const HALF: Refusal = { status: 400, exceptionType: 'INVALID_JSON', words: 'surrogate pair' };
  const NOT_OBJECT: Refusal = {
    status: 400,
    exceptionType: 'INVALID_REQUEST',
    words: 'body is not valid: it must be a JSON object.',
  };
  const cases: [string, string | Uint8Array<ArrayBuffer>, Refusal][] = [
    ['that is not JSON', 'not JSON', NOT_JSON],
    ['that is cut off', '{"runtimeType":"Pyth', NOT_JSON],
    ['of two values', '{}{}', NOT_JSON],
    ['with a comment', '{/* R */}', NOT_JSON],
    ['with NaN', '{"name":NaN}', NOT_JSON],
    ['of white space', '  ', NOT_JSON],
    ['of a NUL', '\0', NOT_JSON],
    ['with the key __proto__', '{"__proto__":{"runtimeType":"Python"}}', NOT_JSON],
    ['with a constructor', '{"constructor":{"prototype":{"a":1}}}', NOT_JSON],
    [
      'that is not UTF-8',
      Buffer.concat([Buffer.from('{"name":"caf'), Buffer.from([0xe9]), Buffer.from('"}')]),
      { status: 400, exceptionType: 'INVALID_JSON', words: 'UTF-8' },
    ],
    ['that is an array', '[]', NOT_OBJECT],
    ['that is a number', '1', NOT_OBJECT],
    ['that is null', 'null', NOT_OBJECT],
    ['that is a text', '"{}"', NOT_OBJECT],
    ['of 90 000 arrays in each other', nested(90_000), TOO_DEEP],
    ['with 501 levels', `{"name":${nested(500)}}`, TOO_DEEP],
    ['with half a character', '{"name":"\\ud83d"}', HALF],
    ['with two halves in the wrong order', '{"name":"\\udE00\\uD83d"}', HALF],
    [
      'with 500 levels, which is as deep as it may be',
      `{"name":${nested(499)}}`,
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'body.name is not valid' },
    ],
    [
      'with both halves of a character, escaped',
      '{"name":"\\ud83d\\ude00 \\\\ud83d","runtimeType":"R"}',
      { status: 400, exceptionType: 'RUNTIME_UNAVAILABLE', words: 'R is not installed' },
    ],
    [
      'whose key comes twice: the last one counts',
      '{"runtimeType":"Python","runtimeType":"R"}',
      { status: 400, exceptionType: 'RUNTIME_UNAVAILABLE', words: 'R is not installed' },
    ],
    [
      'of an unknown runtime',
      '{"runtimeType":"Julia"}',
      { status: 400, exceptionType: 'INVALID_REQUEST', words: '"R", "Python" or null' },
    ],
    [
      'without a runtime, which means R',
      '{}',
      { status: 400, exceptionType: 'RUNTIME_UNAVAILABLE', words: 'send "runtimeType": "Python"' },
    ],
    [
      'with a name that is a number',
      '{"runtimeType":"Python","name":1}',
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'body.name is not valid' },
    ],
    [
      'with a name of 257 characters',
      JSON.stringify({ runtimeType: 'Python', name: 'x'.repeat(257) }),
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'at most 256 characters' },
    ],
    [
      'that names an unknown snapshot at length',
      JSON.stringify({ runtimeType: 'Python', snapshotId: 'x'.repeat(100_000) }),
      { status: 404, exceptionType: 'SNAPSHOT_NOT_FOUND', words: 'GET /snapshots lists yours' },
    ],
  ];

  it.each(cases)('%s is refused', async (_what, body, refusal) => {
    expectRefusal(server, await server.request('POST', '/sessions', { body }), refusal);
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])(
    'is read as JSON under the content type %s',
    async (type) => {
      const headers = { 'content-type': type };
      const body = '{"runtimeType":"Julia"}';
      expectRefusal(server, await server.request('POST', '/sessions', { body, headers }), {
        status: 400,
        exceptionType: 'INVALID_REQUEST',
        words: 'body.runtimeType',
      });
    },
  );

  it('is refused under a content type that is none', async () => {
    const headers = { 'content-type': 'nonsense' };
    expectRefusal(server, await server.request('POST', '/sessions', { body: '{}', headers }), {
      status: 415,
      exceptionType: 'UNSUPPORTED_MEDIA_TYPE',
      words: 'Send application/json.',
    });
  });

  const TOO_LARGE: Refusal = { status: 413, exceptionType: 'BODY_TOO_LARGE', words: 'too large' };

  it('that is too large is refused by its announced length', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(MAX_BODY) });
    expectRefusal(server, await server.request('POST', '/sessions', { body }), TOO_LARGE);
  });

  it('that is too large is refused when it comes in chunks of no announced length', async () => {
    const chunks = Array.from({ length: 30 }, () => ' '.repeat(MAX_BODY / 10));
    const answer = await rawRequest(server, { method: 'POST', path: '/sessions', chunks });
    expectRefusal(server, answer, TOO_LARGE);
  });

  it('of a service call is bound by the same limit', async () => {
    const chunks = Array.from({ length: 30 }, () => ' '.repeat(MAX_BODY / 10));
    const answer = await rawRequest(server, { method: 'POST', path: '/api/A/1', chunks });
    expectRefusal(server, answer, TOO_LARGE);
  });
});

describe('a route', () => {
  const UNKNOWN: Refusal = {
    status: 404,
    exceptionType: 'ROUTE_NOT_FOUND',
    words: 'GET /swagger.json lists the routes.',
  };
  const wrongMethod = (allowed: string): Refusal => ({
    status: 405,
    exceptionType: 'METHOD_NOT_ALLOWED',
    words: allowed,
  });
  const BAD_URL: Refusal = {
    status: 400,
    exceptionType: 'INVALID_URL',
    words: 'Percent-encode its parts as UTF-8.',
  };
  const cases: [string, string, Refusal][] = [
    ['GET', '/none', UNKNOWN],
    ['GET', '/', UNKNOWN],
    ['GET', '//status', UNKNOWN],
    ['GET', '/sessions/../status', UNKNOWN],
    ['GET', '/services/A/1/more', UNKNOWN],
    ['GET', `/${'x'.repeat(5000)}`, UNKNOWN],
    ['PUT', '/sessions', wrongMethod('GET or POST')],
    ['GET', '/login', wrongMethod('POST')],
    ['POST', '/status', wrongMethod('GET')],
    ['OPTIONS', '/snapshots', wrongMethod('GET')],
    ['PATCH', '/sessions/x', wrongMethod('DELETE')],
    ['GET', '/api/A/1', wrongMethod('POST')],
    ['GET', '/services/%ff', BAD_URL],
    ['GET', '/services/%zz', BAD_URL],
    ['GET', '/services/%', BAD_URL],
    [
      'GET',
      `/services/${'x'.repeat(1025)}`,
      { status: 414, exceptionType: 'URL_TOO_LONG', words: 'too long' },
    ],
  ];

  it.each(cases)('%s %s is refused', async (method, path, refusal) => {
    expectRefusal(server, await rawRequest(server, { method, path }), refusal);
  });

  it('of another method tells the right ones in a header too', async () => {
    const answer = await server.request('DELETE', '/sessions');
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });
});

describe('bytes that are no HTTP request', () => {
  const cases: [string, string, number, string][] = [
    ['garbage', 'garbage\r\n\r\n', 400, 'INVALID_HTTP'],
    ['an unknown method', 'FETCH /status HTTP/1.1\r\nhost: x\r\n\r\n', 400, 'INVALID_HTTP'],
    [
      'a header of 100 000 characters',
      `GET /status HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    [
      'two lengths',
      'POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
      400,
      'INVALID_HTTP',
    ],
    [
      'a length and chunks',
      'POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'INVALID_HTTP',
    ],
  ];

  it.each(cases)('are refused in JSON: %s', async (_what, bytes, status, exceptionType) => {
    const answer = await exchangeBytes(server, bytes);
    const [head = '', text = ''] = answer.split('\r\n\r\n');
    const type = /^content-type: (.+)$/im.exec(head)?.[1] ?? null;
    expectRefusal(
      server,
      { status: Number(head.split(' ')[1]), text, headers: { get: () => type } },
      { status, exceptionType, words: /HTTP|headers/ },
    );
  });
});
