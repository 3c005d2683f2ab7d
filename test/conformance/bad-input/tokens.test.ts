import { createHmac, createPublicKey } from 'node:crypto';
import { generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, type Refusal } from '../../support/refusal.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { claimsOf, expiredToken, signingKey, signToken } from '../../support/signed-token.js';

let server: TestServer;

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = () => claimsOf(server);
const sign = (changes: object, header?: object, key?: CryptoKey) =>
  signToken(server, changes, header, key);

async function signedByPublicKey(): Promise<string> {
  const pem = createPublicKey(await signingKey(server)).export({ type: 'spki', format: 'pem' });
  const head = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims())}`;
  return `${head}.${createHmac('sha256', pem).update(head).digest('base64url')}`;
}

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const INVALID: Refusal = { status: 401, exceptionType: 'INVALID_TOKEN', words: 'POST /login' };
const REVOKED: Refusal = { status: 401, exceptionType: 'TOKEN_REVOKED', words: 'log in again' };

describe('an access token', () => {
  const part = (index: number) => server.token.split('.')[index] ?? '';
  const cases: [string, () => string | Promise<string>, Refusal][] = [
    ['that is no token', () => 'abc', INVALID],
    ['of dots', () => '..', INVALID],
    ['of 4000 characters', () => 'x'.repeat(4000), INVALID],
    ['without its signature', () => `${part(0)}.${part(1)}.`, INVALID],
    ['without its last character', () => server.token.slice(0, -1), INVALID],
    ['cut in the middle', () => server.token.slice(0, server.token.length / 2), INVALID],
    [
      'with another user in it',
      () => `${part(0)}.${encode({ ...claims(), sub: 'root' })}.${part(2)}`,
      INVALID,
    ],
    ['of the algorithm none', () => `${encode({ alg: 'none', typ: 'JWT' })}.${part(1)}.`, INVALID],
    [
      'of None, with the real signature',
      () => `${encode({ alg: 'None' })}.${part(1)}.${part(2)}`,
      INVALID,
    ],
    ['signed by HS256 with the public key', signedByPublicKey, INVALID],
    [
      'of another key',
      async () => sign({}, {}, (await generateKeyPair('RS512')).privateKey),
      INVALID,
    ],
    ['of another issuer', () => sign({ iss: 'elsewhere' }), INVALID],
    ['for another audience', () => sign({ aud: 'elsewhere' }), INVALID],
    ['of another kind', () => sign({}, { typ: 'at+jwt' }), INVALID],
    ['without an end', () => sign({ exp: undefined }), INVALID],
    ['without a login', () => sign({ sid: undefined }), INVALID],
    ['for an unknown login', () => sign({ sid: 'none' }), REVOKED],
    ['for another user’s login', () => sign({ sub: 'someone' }), REVOKED],
    [
      'that has expired',
      () => expiredToken(server),
      { status: 401, exceptionType: 'TOKEN_EXPIRED', words: 'POST /login/refreshToken' },
    ],
  ];

  it.each(cases)('%s is refused', async (_what, make, refusal) => {
    const answer = await server.request('GET', '/status', { token: await make() });
    expectRefusal(server, answer, refusal);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect((await server.request('GET', '/status')).status).toBe(200);
  });

  it('ends when its user gets another password', async () => {
    const token = await server.addUser('changing');
    await server.server.context.auth.accounts.setPassword('changing', 'another password');
    expectRefusal(server, await server.request('GET', '/status', { token }), REVOKED);
  });

  it('ends when its login is revoked', async () => {
    const json = { username: 'admin', password: server.password };
    const login = (await server.request('POST', '/login', { json })).json<{
      access_token: string;
      refresh_token: string;
    }>();
    const path = `/login/refreshToken?refreshToken=${encodeURIComponent(login.refresh_token)}`;
    expect((await server.request('DELETE', path)).status).toBe(200);
    const answer = await server.request('GET', '/status', { token: login.access_token });
    expectRefusal(server, answer, REVOKED);
  });
});

describe('a request without a bearer token', () => {
  const MISSING: Refusal = {
    status: 401,
    exceptionType: 'MISSING_TOKEN',
    words: 'Authorization: Bearer <access token>',
  };
  const headers: [string, Record<string, string>][] = [
    ['no header', {}],
    ['another scheme', { authorization: 'Basic YWRtaW46eA==' }],
    ['a scheme alone', { authorization: 'Bearer' }],
    ['two tokens', { authorization: 'Bearer a b' }],
  ];

  it.each(headers)('is refused: %s', async (_what, sent) => {
    const answer = await server.request('GET', '/status', { token: null, headers: sent });
    expectRefusal(server, answer, MISSING);
  });

  it.each([
    'GET /sessions',
    'POST /sessions',
    'GET /snapshots',
    'GET /services',
    'POST /services/A/1',
    'POST /api/A/1',
    'GET /api/A/1/swagger.json',
    'GET /none',
  ])('is refused before anything else is looked at: %s', async (route) => {
    const [method = '', path = ''] = route.split(' ');
    const body = method === 'POST' ? { body: '{' } : {};
    expectRefusal(server, await server.request(method, path, { token: null, ...body }), MISSING);
  });
});

describe('POST /login', () => {
  const WRONG: Refusal = { status: 401, exceptionType: 'WRONG_PASSWORD', words: 'is wrong' };
  const cases: [string, object, Refusal][] = [
    ['a wrong password', { username: 'admin', password: 'wrong password' }, WRONG],
    ['an empty password', { username: 'admin', password: '' }, WRONG],
    ['an unknown user', { username: 'nobody', password: 'some password' }, WRONG],
    ['a user of another case', { username: 'Admin', password: 'some password' }, WRONG],
    ['a user with a NUL', { username: 'admin\0', password: 'some password' }, WRONG],
    ['a password of 100 000', { username: 'nobody2', password: 'x'.repeat(100_000) }, WRONG],
    [
      'no password',
      { username: 'admin' },
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'body.password is missing' },
    ],
    [
      'a password that is a number',
      { username: 'admin', password: 1 },
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'body.password is not valid' },
    ],
  ];

  it.each(cases)('refuses %s', async (_what, json, refusal) => {
    expectRefusal(server, await server.request('POST', '/login', { json, token: null }), refusal);
    expect((await server.request('GET', '/status')).status).toBe(200);
  });

  it('refuses refresh tokens that it did not give', async () => {
    const refusal = { status: 401, exceptionType: 'INVALID_REFRESH_TOKEN', words: 'Log in again' };
    for (const refreshToken of ['', 'abc', 'A'.repeat(64), server.token]) {
      const json = { refreshToken };
      const options = { json, token: null };
      expectRefusal(server, await server.request('POST', '/login/refreshToken', options), refusal);
    }
  });
});

it('a thousand requests with a bad token at once leave the server as it was', async () => {
  const answers = await Promise.all(
    Array.from({ length: 1000 }, (_, index) =>
      server.request('GET', '/status', { token: `${server.token.slice(0, -8)}${index}` }),
    ),
  );
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401]));
  expect((await server.request('GET', '/status')).status).toBe(200);
});
