import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readLoginChallenge } from '../../src/api/index.js';
import { CONFIG_DEFAULTS, createServer, type SlipwayServer } from '../../src/server/index.js';
import { AUDIENCE, CLIENT_ID, openIdConfig, TestIssuer } from '../support/issuer.js';
import { type Answer, send, testConfig } from '../support/server.js';

let issuer: TestIssuer;
let directory: string;
beforeAll(async () => {
  issuer = await TestIssuer.start();
  directory = await mkdtemp(join(tmpdir(), 'slipway-openid-'));
});
afterAll(async () => {
  await server?.close();
  await issuer.close();
  await rm(directory, { recursive: true });
});

let server: SlipwayServer | undefined;
/** Each test has a server that has not asked the issuer yet. */
beforeEach(async () => {
  await server?.close();
  server = await createServer(
    testConfig(directory, {
      embedded: false,
      authentication: { openid: openIdConfig(issuer) },
      authorization: {
        ...CONFIG_DEFAULTS.authorization,
        owner: ['Administrators'],
        contributor: ['Programmers'],
      },
    }),
  );
  await server.listen();
});

const ask = (token: string | null, path = '/services') =>
  send((server as SlipwayServer).url, token, 'GET', path);
const code = (answer: Answer) => answer.json<{ exceptionType: string }>().exceptionType;
const seconds = () => Math.floor(Date.now() / 1000);

describe('a server that takes the tokens of an outside issuer', () => {
  it('notes for its administrator who came with one, when and from where', async () => {
    const token = await issuer.token({ preferred_username: 'eva@example.org' });
    const answer = await ask(token);
    await ask(token);
    const lines = async () =>
      (await readFile(join(directory, 'audit.log'), 'utf8'))
        .split('\n')
        .filter((line) => line.includes('eva@example.org'));
    await expect.poll(lines).toHaveLength(1);
    const [line = ''] = await lines();
    expect(JSON.parse(line)).toEqual({
      time: expect.any(String),
      requestId: answer.headers.get('x-request-id'),
      address: '127.0.0.1',
      user: 'eva@example.org',
      operation: 'login with a token of the issuer',
    });
    expect(line).not.toContain(token);
  });

  it('lets in whoever has one, by the name in it, and asks the issuer once', async () => {
    const before = issuer.keyFetches;
    const groups = ['Programmers'];
    const token = await issuer.token({ preferred_username: 'ana@example.org', groups });
    const created = await send((server as SlipwayServer).url, token, 'POST', '/sessions', {
      json: { runtimeType: 'Python', name: 'hers' },
    });
    expect(created.status).toBe(201);
    expect((await ask(token, '/sessions')).json()).toMatchObject([
      { name: 'hers', owner: 'ana@example.org' },
    ]);
    const other = await issuer.token({ sub: 'ben' });
    expect((await ask(other, '/sessions')).json()).toEqual([]);
    expect(issuer.keyFetches).toBe(before + 1);
  });

  it.each([
    [{ groups: ['Programmers', 'Administrators'] }, 'Owner'],
    [{ roles: ['Administrators'] }, 'Owner'],
    [{ groups: ['Others'], roles: ['Programmers'] }, 'Contributor'],
    [{ groups: ['Others'] }, 'Reader'],
    [{}, 'Reader'],
  ])('gives whoever has %j in their token the role %s', async (claims, role) => {
    const { auth } = (server as SlipwayServer).context;
    const token = await issuer.token({ sub: 'ana', ...claims });
    expect(await auth.authenticate(token)).toEqual({ name: 'ana', role });
    const published = await send((server as SlipwayServer).url, token, 'POST', '/services/A/1', {
      json: { code: '' },
    });
    // Without code it is refused to everybody; to a Reader because of who they are.
    expect(published.status).toBe(role === 'Reader' ? 403 : 400);
  });

  it('tells in every refusal where there are tokens that count', async () => {
    for (const [token, type] of [
      [null, 'MISSING_TOKEN'],
      ['nonsense', 'INVALID_TOKEN'],
    ] as const) {
      const refused = await ask(token);
      expect(refused.status).toBe(401);
      expect(code(refused)).toBe(type);
      const challenge = refused.headers.get('www-authenticate') ?? '';
      expect(readLoginChallenge(challenge)).toEqual({
        authority: issuer.url,
        clientId: CLIENT_ID,
        scope: 'openid profile offline_access',
        resource: AUDIENCE,
      });
      expect(challenge.includes('error="invalid_token"')).toBe(token !== null);
    }
  });

  it('takes no passwords, says what to do, and makes up none for admin', async () => {
    const { url, adminPassword } = server as SlipwayServer;
    expect(adminPassword).toBeUndefined();
    const login = await send(url, null, 'POST', '/login', {
      json: { username: 'admin', password: 'any' },
    });
    expect(login.status).toBe(403);
    expect(code(login)).toBe('LOCAL_LOGIN_DISABLED');
    expect(login.text).toMatch(/takes no passwords.*%connect URL --auth aad/);
    expect(readLoginChallenge(login.headers.get('www-authenticate') ?? '')).toBeDefined();
    const renewal = await send(url, null, 'POST', '/login/refreshToken', {
      json: { refreshToken: 'any' },
    });
    expect(code(renewal)).toBe('LOCAL_LOGIN_DISABLED');
  });

  it.each([
    ['of another issuer', { iss: 'https://evil.example.org' }, {}, 'WRONG_ISSUER'],
    ['for another program', { aud: 'https://graph.example.org' }, {}, 'WRONG_AUDIENCE'],
    ['without an audience', { aud: undefined }, {}, 'WRONG_AUDIENCE'],
    ['that has expired', { exp: seconds() - 90 }, {}, 'TOKEN_EXPIRED'],
    ['that never expires', { exp: undefined }, {}, 'INVALID_TOKEN'],
    ['whose time has not come', { nbf: seconds() + 600 }, {}, 'TOKEN_NOT_YET_VALID'],
    ['without a name', { sub: undefined }, {}, 'NAMELESS_TOKEN'],
    ['with a name of control characters', { upn: 'a\nb' }, {}, 'NAMELESS_TOKEN'],
    ['that is about a logout', {}, { typ: 'logout+jwt' }, 'INVALID_TOKEN'],
    ['of an unknown key', {}, { kid: 'forged' }, 'UNKNOWN_SIGNING_KEY'],
  ])('refuses a token %s', async (_what, claims, header, type) => {
    const refused = await ask(await issuer.token(claims, header));
    expect(refused.status).toBe(401);
    expect(code(refused)).toBe(type);
  });

  it('allows clocks to differ by half a minute', async () => {
    const token = await issuer.token({ exp: seconds() - 30, nbf: seconds() + 30 });
    expect((await ask(token)).status).toBe(200);
  });

  it('refuses tokens that are unsigned, signed with the public key as a secret, or altered', async () => {
    const claims = { iss: issuer.url, aud: AUDIENCE, sub: 'ana', exp: seconds() + 600 };
    const { kid } = issuer.publicKey;
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none', kid })}.${part(claims)}.`;
    const secret = Buffer.from(JSON.stringify(issuer.publicKey));
    const confused = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', ...(kid === undefined ? {} : { kid }) })
      .sign(secret);
    const [header, , signature] = (await issuer.token()).split('.');
    const altered = `${header}.${part({ ...claims, sub: 'ben' })}.${signature}`;
    for (const forged of [unsigned, confused, altered]) {
      const refused = await ask(forged);
      expect(refused.status).toBe(401);
      expect(code(refused)).toBe('INVALID_TOKEN');
    }
  });

  it('lets the channel of a kernel go on as long as the token that it came with', async () => {
    const { auth } = (server as SlipwayServer).context;
    const before = await issuer.token({ exp: seconds() - 30 });
    await auth.authenticate(before);
    expect(await auth.hasLogin(before)).toBe(true);
    expect(await auth.hasLogin(await issuer.token({ exp: seconds() - 90 }))).toBe(false);
  });

  it('finds new keys when the issuer has changed them, and forgets the old', async () => {
    expect((await ask(await issuer.token())).status).toBe(200);
    const ofOldKey = await issuer.token({ sub: 'ben' });
    await issuer.rotateKeys();
    expect((await ask(await issuer.token())).status).toBe(200);
    const refused = await ask(ofOldKey);
    expect(refused.status).toBe(401);
    expect(code(refused)).toBe('UNKNOWN_SIGNING_KEY');
  });

  it('asks the issuer a few times, and not each time, when keys are made up', async () => {
    await ask(await issuer.token());
    const before = issuer.keyFetches;
    const forged = await Promise.all(
      Array.from({ length: 20 }, (_, index) => issuer.token({}, { kid: `forged-${index}` })),
    );
    for (const token of forged) expect(code(await ask(token))).toBe('UNKNOWN_SIGNING_KEY');
    expect(issuer.keyFetches - before).toBe(3);
  });

  it('answers 503 while the issuer is away, but to those whose keys it knows', async () => {
    const token = await issuer.token();
    await issuer.goAway();
    try {
      const refused = await ask(token);
      expect(refused.status).toBe(503);
      expect(code(refused)).toBe('ISSUER_UNAVAILABLE');
      expect(refused.headers.get('retry-after')).toBe('5');
      expect(refused.text).not.toContain('ECONNREFUSED');
    } finally {
      await issuer.comeBack();
    }
  });

  it('goes on with the keys that it has while the issuer is away, and says so in its status', async () => {
    expect((await ask(await issuer.token())).status).toBe(200);
    await issuer.goAway();
    try {
      const other = await issuer.token({ sub: 'ben' });
      expect((await ask(other)).status).toBe(200);
      const unknown = await ask(await issuer.token({}, { kid: 'forged' }));
      expect(code(unknown)).toBe('ISSUER_UNAVAILABLE');
      const status = (await ask(other, '/status')).json();
      expect(status).toMatchObject({
        statusCode: 'warn',
        components: {
          authentication: {
            statusCode: 'warn',
            details: { type: 'openid', authority: issuer.url, state: 'unavailable' },
          },
        },
      });
    } finally {
      await issuer.comeBack();
    }
  });
});
