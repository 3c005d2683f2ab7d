import { createHmac, createPublicKey } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeProtectedHeader, generateKeyPair, importPKCS8, SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserManagement } from '../../src/server/index.js';
import { type RequestOptions, startTestServer, type TestServer } from '../support/server.js';

interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
  expires_on: number;
}

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

async function logIn(): Promise<Tokens> {
  const json = { username: 'admin', password: server.password };
  return (await server.request('POST', '/login', { json, token: null })).json<Tokens>();
}

const renew = (refreshToken: string) =>
  server.request('POST', '/login/refreshToken', { json: { refreshToken }, token: null });

const status = (token: string | null, options: RequestOptions = {}) =>
  server.request('GET', '/status', { ...options, token });

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('POST /login', () => {
  it('refuses a user who is removed while their password is checked', async () => {
    await server.addUser('passing');
    const { auth, store } = server.server.context;
    const find = store.users.find.bind(store.users);
    const spy = vi.spyOn(store.users, 'find').mockImplementation(async (name) => {
      const record = await find(name);
      await auth.accounts.remove('passing');
      return record;
    });
    const json = { username: 'passing', password: 'passing has a password' };
    const answer = await server.request('POST', '/login', { json, token: null });
    expect(spy).toHaveBeenCalledWith('passing');
    spy.mockRestore();
    expect([answer.status, answer.text]).toEqual([401, expect.stringContaining('WRONG_PASSWORD')]);
  });

  it('gives a pair of tokens that opens other routes', async () => {
    const { access_token, expires_in, expires_on } = await logIn();
    expect(expires_in).toBe(3600);
    expect(Math.abs(expires_on - (Date.now() / 1000 + 3600))).toBeLessThan(5);
    expect((await status(access_token)).status).toBe(200);
  });

  it('answers compactly, with a comma after the access token, as load-test plans cut it out', async () => {
    const json = { username: 'admin', password: server.password };
    const { text } = await server.request('POST', '/login', { json, token: null });
    const token = /access_token":"(.+?)",/.exec(text)?.[1] ?? '';
    expect((await status(token)).status).toBe(200);
  });

  it('gives nothing for a password that is replaced while it is checked', async () => {
    const { auth, store } = server.server.context;
    await auth.accounts.setPassword('overtaken', 'the former one');
    const insert = store.logins.insert.bind(store.logins);
    const spy = vi.spyOn(store.logins, 'insert').mockImplementationOnce(async (login) => {
      await auth.accounts.setPassword('overtaken', 'chosen at that moment');
      return await insert(login);
    });
    const json = { username: 'overtaken', password: 'the former one' };
    const { status } = await server.request('POST', '/login', { json, token: null });
    expect(status).toBe(401);
    const [login] = spy.mock.calls[0] ?? [];
    expect(await store.logins.find(login?.id ?? '')).toBeUndefined();
    spy.mockRestore();
    expect(await server.login('overtaken', 'chosen at that moment')).toMatch(/^ey/);
  });

  it('signs by RS512', async () => {
    const { access_token } = await logIn();
    expect(decodeProtectedHeader(access_token)).toEqual({
      alg: 'RS512',
      typ: 'JWT',
      kid: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(Buffer.from(access_token.split('.')[0] ?? '', 'base64').toString()).toMatch(
      /^\{"alg":"RS512","typ/,
    );
  });

  it('takes a trailing slash, another case, and a form content type as curl -d sends it', async () => {
    const answer = await server.request('POST', '/LOGIN/', {
      body: JSON.stringify({ username: 'admin', password: server.password }),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      token: null,
    });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['a wrong password', { username: 'admin', password: 'wrong' }],
    ['an unknown user', { username: 'nobody', password: 'wrong' }],
  ])('answers %s with 401 and the same sentence', async (_what, json) => {
    const answer = await server.request('POST', '/login', { json, token: null });
    expect(answer.status).toBe(401);
    expect(answer.json()).toEqual({
      message: 'The username or the password is wrong.',
      link: '',
      exceptionType: 'WRONG_PASSWORD',
    });
  });

  it('takes texts in single quotes, as scripts for R Server have them', async () => {
    const answer = await server.request('POST', '/login', {
      body: `{'username': 'admin', 'password': '${server.password}'}`,
      token: null,
    });
    expect(answer.status).toBe(200);
    const broken = await server.request('POST', '/login', { body: "{'username': ", token: null });
    expect(broken.json()).toMatchObject({ exceptionType: 'INVALID_JSON' });
  });

  it('slows down guessing with 429 and says when to try again', async () => {
    const json = { username: 'guessed', password: 'wrong' };
    let answer = await server.request('POST', '/login', { json, token: null });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      answer = await server.request('POST', '/login', { json, token: null });
    }
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it.each([
    ['{"username":', 'INVALID_JSON'],
    ['', 'INVALID_REQUEST'],
    ['{"username":"admin"}', 'INVALID_REQUEST'],
    ['{"username":"admin","password":5}', 'INVALID_REQUEST'],
    ['[]', 'INVALID_REQUEST'],
    ['{"__proto__":{"a":1},"username":"a","password":"b"}', 'INVALID_JSON'],
  ])('answers the body %j with 400', async (body, exceptionType) => {
    const answer = await server.request('POST', '/login', {
      body,
      headers: { 'content-type': 'application/json' },
      token: null,
    });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ exceptionType });
  });
});

describe('the access token', () => {
  it.each([
    ['missing', null],
    ['not a token', 'abc'],
  ])('is asked for with 401 and WWW-Authenticate when it is %s', async (_what, token) => {
    const answer = await status(token);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.json<{ message: string }>().message).toContain('POST /login');
  });

  it('is not taken from a basic login or a query', async () => {
    const basic = Buffer.from(`admin:${server.password}`).toString('base64');
    const answer = await status(null, { headers: { authorization: `Basic ${basic}` } });
    expect(answer.status).toBe(401);
    const inQuery = await server.request('GET', `/status?access_token=${server.token}`, {
      token: null,
    });
    expect(inQuery.status).toBe(401);
  });

  it('is refused when its algorithm is none', async () => {
    const [, payload] = server.token.split('.');
    for (const alg of ['none', 'None', 'NONE']) {
      const forged = `${base64url({ alg, typ: 'JWT' })}.${payload}.`;
      expect((await status(forged)).status).toBe(401);
    }
  });

  it('is refused when it is signed by HS256 with the public key', async () => {
    const { publicKey } = await serverKey();
    const head = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${server.token.split('.')[1]}`;
    const signature = createHmac('sha256', publicKey).update(head).digest('base64url');
    expect((await status(`${head}.${signature}`)).status).toBe(401);
  });

  it('is refused when another key signed it, or when it was altered', async () => {
    const { privateKey } = await generateKeyPair('RS512');
    const claims = JSON.parse(
      Buffer.from(server.token.split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    const foreign = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS512', typ: 'JWT' })
      .sign(privateKey);
    expect((await status(foreign)).json()).toMatchObject({ exceptionType: 'INVALID_TOKEN' });
    const [head, , signature] = server.token.split('.');
    const altered = `${head}.${base64url({ ...claims, sub: 'root' })}.${signature}`;
    expect((await status(altered)).json()).toMatchObject({ exceptionType: 'INVALID_TOKEN' });
  });

  it('is refused when it has expired, and the sentence says so', async () => {
    const { privateKey } = await serverKey();
    const claims = JSON.parse(
      Buffer.from(server.token.split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    const expired = await new SignJWT({ ...claims, exp: Math.floor(Date.now() / 1000) - 1 })
      .setProtectedHeader({ alg: 'RS512', typ: 'JWT' })
      .sign(privateKey);
    const answer = await status(expired);
    expect(answer.status).toBe(401);
    expect(answer.json()).toMatchObject({ exceptionType: 'TOKEN_EXPIRED' });
  });

  it('stays valid when another login of the same user begins', async () => {
    const first = await logIn();
    await logIn();
    expect((await status(first.access_token)).status).toBe(200);
  });
});

describe('POST /login/refreshToken', () => {
  it('gives a new pair and ends the old one', async () => {
    const old = await logIn();
    expect((await status(old.access_token)).status).toBe(200);
    const answer = await renew(old.refresh_token);
    expect(answer.status).toBe(200);
    const next = answer.json<Tokens>();
    expect(next.refresh_token).not.toBe(old.refresh_token);
    expect((await status(next.access_token)).status).toBe(200);
    expect((await status(old.access_token)).json()).toMatchObject({
      exceptionType: 'TOKEN_REVOKED',
    });
  });

  it('ends the whole login when a used token comes again', async () => {
    const first = await logIn();
    const second = (await renew(first.refresh_token)).json<Tokens>();
    expect((await renew(first.refresh_token)).status).toBe(401);
    expect((await renew(second.refresh_token)).status).toBe(401);
    expect((await status(second.access_token)).status).toBe(401);
  });

  it('lets only one of two renewals with the same token through', async () => {
    const { refresh_token } = await logIn();
    const answers = await Promise.all([renew(refresh_token), renew(refresh_token)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 401]);
  });

  it.each(['', 'nonsense', 'A'.repeat(64)])('answers %j with 401', async (token) => {
    const answer = await renew(token);
    expect(answer.status).toBe(401);
    expect(answer.json()).toMatchObject({ exceptionType: 'INVALID_REFRESH_TOKEN' });
  });
});

describe('DELETE /login/refreshToken', () => {
  it.each([
    ['query', (token: string) => `/login/refreshToken?refreshToken=${encodeURIComponent(token)}`],
    ['path', (token: string) => `/login/refreshToken/${encodeURIComponent(token)}`],
  ])('ends a login named in the %s', async (_where, path) => {
    const tokens = await logIn();
    const answer = await server.request('DELETE', path(tokens.refresh_token));
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ access_token: null, refresh_token: null });
    expect((await status(tokens.access_token)).status).toBe(401);
    expect((await renew(tokens.refresh_token)).status).toBe(401);
  });

  it('accepts a JSON content type without a body, as generated clients send it', async () => {
    const { refresh_token } = await logIn();
    const answer = await server.request(
      'DELETE',
      `/login/refreshToken?refreshToken=${encodeURIComponent(refresh_token)}`,
      { headers: { 'content-type': 'application/json' } },
    );
    expect(answer.status).toBe(200);
  });
});

describe('failures', () => {
  it('tell an unknown route from a missing token', async () => {
    expect((await server.request('GET', '/nowhere', { token: null })).status).toBe(401);
    const answer = await server.request('GET', '/nowhere?secret=1');
    expect(answer.status).toBe(404);
    expect(answer.text).not.toContain('secret');
  });

  it('carry the id of the request', async () => {
    const answer = await server.request('GET', '/nowhere');
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('add code and fields below /api/, where documents of services declare them', async () => {
    const answer = await server.request('GET', '/api/none/v1/nothing');
    expect(answer.json()).toMatchObject({ code: 404, fields: '' });
  });

  it('answer a body that is too large with 413', async () => {
    const small = await startTestServer({ maxBodyBytes: 1000 });
    try {
      const json = { username: 'admin', password: 'x'.repeat(2000) };
      const answer = await small.request('POST', '/login', { json, token: null });
      expect(answer.status).toBe(413);
      expect(answer.json()).toMatchObject({ exceptionType: 'BODY_TOO_LARGE' });
      expect((await small.request('GET', '/status')).status).toBe(200);
    } finally {
      await small.close();
    }
  });
});

describe('secrets on the disk', () => {
  it('are in files that only their owner can read', async () => {
    const modes = await Promise.all(
      ['.', ...(await readdir(server.dataDirectory)), 'keys/rs512.pem'].map(async (path) => {
        const stats = await stat(join(server.dataDirectory, path));
        return [path, stats.isDirectory(), stats.mode & 0o777];
      }),
    );
    for (const [path, isDirectory, mode] of modes) {
      expect([path, mode]).toEqual([path, isDirectory ? 0o700 : 0o600]);
    }
    expect(modes.map(([path]) => path)).toContain('slipway.db-wal');
  });

  it('do not include passwords or refresh tokens in the database', async () => {
    const { refresh_token, access_token } = await logIn();
    const names = (await readdir(server.dataDirectory)).filter((name) =>
      name.startsWith('slipway.db'),
    );
    for (const name of names) {
      const content = (await readFile(join(server.dataDirectory, name))).toString('latin1');
      expect(content).not.toContain(server.password);
      expect(content).not.toContain(refresh_token);
      expect(content).not.toContain(access_token);
    }
    expect(names.length).toBeGreaterThan(0);
  });
});

async function serverKey() {
  const pem = await readFile(join(server.dataDirectory, 'keys', 'rs512.pem'), 'utf8');
  const privateKey = await importPKCS8(pem, 'RS512', { extractable: true });
  const publicKey = createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();
  return { privateKey, publicKey };
}

describe('the password in the runtime file of an embedded server', () => {
  let embedded: TestServer;
  beforeEach(async () => {
    embedded = await startTestServer({ embedded: true });
  });
  afterEach(() => embedded.close());

  const logInBy = (password: string) =>
    embedded.request('POST', '/login', { json: { username: 'admin', password }, token: null });

  it('logs in without the work of scrypt, however many wrong ones were tried before', async () => {
    for (let attempt = 0; attempt < 6; attempt++) await logInBy('wrong password');
    expect((await logInBy('wrong password')).status).toBe(429);
    expect((await logInBy(embedded.password)).status).toBe(200);
  });

  it('is refused as soon as the account has another', async () => {
    const accounts = await UserManagement.open(embedded.dataDirectory);
    await accounts.setPassword('admin', 'chosen by its owner');
    await accounts.close();
    expect((await logInBy(embedded.password)).status).toBe(401);
    expect((await logInBy('chosen by its owner')).status).toBe(200);
  });
});
