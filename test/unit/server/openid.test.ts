import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  defaultLogin,
  loginChallenge,
  normaliseAuthority,
  readLoginChallenge,
} from '../../../src/api/index.js';
import { OpenIdTokens } from '../../../src/server/auth/index.js';
import type { OpenIdConfig } from '../../../src/server/config.js';

const TENANT = '6c1b2f0a-52ab-4d3e-9a44-6a1f0a9f6d11';
const OTHER = '0d8ab0c2-91a5-4f0c-8a52-0c4c7f7e2b90';
const API = '3b1f6c52-0a3b-4a8e-9d6c-2f1e5a7b8c9d';
const NOW = 1_700_000_000;
const MINUTE = 60_000;

let key: CryptoKey;
let jwk: object;
beforeAll(async () => {
  const pair = await generateKeyPair('RS256');
  key = pair.privateKey;
  jwk = { ...(await exportJWK(pair.publicKey)), kid: 'key', use: 'sig' };
});

/** What stands in for the directory service of Microsoft's, which tests cannot reach. */
let http: Server;
let address: string;
/** What the issuer answers; each test may change it. */
let metadata: Record<string, unknown>;
let keySet: unknown;
let fetches: number;
let clock: number;
let problems: string[];
beforeEach(async () => {
  http = createServer((request, response) => {
    const isKeys = request.url === '/keys';
    if (isKeys) fetches += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(isKeys ? keySet : metadata));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  address = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  metadata = { issuer: `https://sts.windows.net/${TENANT}/`, jwks_uri: `${address}/keys` };
  keySet = { keys: [jwk] };
  fetches = 0;
  clock = NOW * 1000;
  problems = [];
});
afterEach(() => http.close());

function tokensOf(changes: Partial<OpenIdConfig> = {}): OpenIdTokens {
  const config = {
    authority: address,
    audience: `api://${API}`,
    clientId: 'notebooks',
    scope: undefined,
    userClaim: undefined,
    tenants: [],
    ...changes,
  };
  return new OpenIdTokens(
    config,
    ({ problem }) => problems.push(problem),
    () => clock,
  );
}

function token(claims: Record<string, unknown> = {}): Promise<string> {
  const all = {
    iss: `https://sts.windows.net/${TENANT}/`,
    aud: `api://${API}`,
    exp: clock / 1000 + 3600,
    sub: 'opaque',
    ...claims,
  };
  return new SignJWT(all).setProtectedHeader({ alg: 'RS256', kid: 'key', typ: 'JWT' }).sign(key);
}

const codeOf = (verified: Promise<unknown>) =>
  verified.then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  );

describe('the tokens of a tenant of Azure AD', () => {
  it('count in both forms that its issuer has, whichever the metadata names', async () => {
    const forms = [
      `https://sts.windows.net/${TENANT}/`,
      `https://login.microsoftonline.com/${TENANT}/v2.0`,
    ];
    for (const issuer of forms) {
      metadata.issuer = issuer;
      const tokens = tokensOf();
      for (const iss of forms) {
        expect(await codeOf(tokens.verify(await token({ iss })))).toBe('accepted');
      }
      for (const iss of forms.map((form) => form.replace(TENANT, OTHER))) {
        expect(await codeOf(tokens.verify(await token({ iss })))).toBe('WRONG_ISSUER');
      }
    }
  });

  it('may call the API by its id where it is registered as api://ID', async () => {
    const tokens = tokensOf();
    expect(await codeOf(tokens.verify(await token({ aud: API })))).toBe('accepted');
    expect(await codeOf(tokens.verify(await token({ aud: OTHER })))).toBe('WRONG_AUDIENCE');
  });

  it('are those of chosen tenants where the authority is that of all', async () => {
    metadata.issuer = 'https://login.microsoftonline.com/{tenantid}/v2.0';
    const iss = `https://login.microsoftonline.com/${TENANT}/v2.0`;
    const chosen = tokensOf({ tenants: [TENANT] });
    expect(await codeOf(chosen.verify(await token({ iss })))).toBe('accepted');
    const ofOthers = await token({ iss: iss.replace(TENANT, OTHER) });
    expect(await codeOf(chosen.verify(ofOthers))).toBe('WRONG_ISSUER');
    const all = tokensOf();
    expect(await codeOf(all.verify(await token({ iss })))).toBe('ISSUER_UNAVAILABLE');
    expect(problems[0]).toContain('authentication.openid.tenants');
  });
});

describe('the user of a token', () => {
  it.each([
    [{ upn: 'ana@x.org', preferred_username: 'ana', sub: '1' }, 'ana@x.org'],
    [{ preferred_username: 'ana', sub: '1' }, 'ana'],
    [{ sub: '1' }, '1'],
  ])('of %j is %s', async (claims, name) => {
    expect(await tokensOf().verify(await token(claims))).toMatchObject({ name });
  });

  it('comes from the claim that is configured, and from no other', async () => {
    const tokens = tokensOf({ userClaim: 'oid' });
    expect(await tokens.verify(await token({ oid: 'o', upn: 'u' }))).toMatchObject({ name: 'o' });
    expect(await codeOf(tokens.verify(await token({ upn: 'u' })))).toBe('NAMELESS_TOKEN');
  });

  it.each([
    [{ groups: ['a', 'b'], roles: ['c'] }, ['a', 'b', 'c']],
    [{ roles: 'c' }, ['c']],
    [{ groups: [1, null, 'a'] }, ['a']],
    [{}, []],
  ])('has the groups and roles of %j', async (claims, groups) => {
    expect(await tokensOf().verify(await token(claims))).toMatchObject({ groups });
  });
});

describe('the keys of an issuer', () => {
  it('are asked for once by many tokens at once, and again after ten minutes', async () => {
    const tokens = tokensOf();
    const one = await token();
    await Promise.all([tokens.verify(one), tokens.verify(one), tokens.verify(one)]);
    clock += 9 * MINUTE;
    await tokens.verify(one);
    expect(fetches).toBe(1);
    clock += 2 * MINUTE;
    await tokens.verify(one);
    expect(fetches).toBe(2);
  });

  it('that are withdrawn do not count any more after ten minutes', async () => {
    const tokens = tokensOf();
    const one = await token();
    await tokens.verify(one);
    keySet = { keys: [] };
    await tokens.verify(one);
    clock += 11 * MINUTE;
    expect(await codeOf(tokens.verify(one))).toBe('UNKNOWN_SIGNING_KEY');
  });

  it('are used for a day while the issuer is away, which is asked again every 5 s', async () => {
    const tokens = tokensOf();
    const one = await token({ exp: NOW + 10 * 86_400 });
    await tokens.verify(one);
    metadata = {};
    clock += 23 * 60 * MINUTE;
    await tokens.verify(one);
    await tokens.verify(one);
    expect(problems).toHaveLength(1);
    expect(tokens.state).toEqual({ authority: address, state: 'unavailable' });
    clock += 5001;
    await tokens.verify(one);
    await vi.waitFor(() => expect(problems).toHaveLength(2));
    clock += 2 * 60 * MINUTE;
    expect(await codeOf(tokens.verify(one))).toBe('ISSUER_UNAVAILABLE');
  });

  it('are not waited for when the issuer was away a moment ago and now does not answer', async () => {
    const tokens = tokensOf();
    const one = await token({ exp: NOW + 10 * 86_400 });
    await tokens.verify(one);
    metadata = {};
    clock += 11 * MINUTE;
    await tokens.verify(one);
    clock += 5001;
    http.removeAllListeners('request');
    const asked = once(http, 'request');
    await tokens.verify(one);
    await asked;
    http.closeAllConnections();
    await vi.waitFor(() => expect(problems).toHaveLength(2));
  });

  it('that nobody knows are looked for three times at once and then every half minute', async () => {
    const tokens = tokensOf();
    await tokens.verify(await token());
    keySet = { keys: [] };
    clock += 11 * MINUTE;
    const one = await token();
    const before = fetches;
    for (let count = 0; count < 10; count += 1) await codeOf(tokens.verify(one));
    // Once because they are old.
    expect(fetches - before).toBe(4);
    clock += 31_000;
    for (let count = 0; count < 10; count += 1) await codeOf(tokens.verify(one));
    expect(fetches - before).toBe(5);
  });

  it.each([
    ['metadata of another', () => ({ issuer: 'https://other.example.org' }), /calls itself https/],
    ['no metadata', () => ({ issuer: undefined }), /does not publish the metadata/],
    ['keys without TLS', () => ({ jwks_uri: 'http://example.org/keys' }), /not protected by TLS/],
    ['no keys', () => ({ jwks_uri: `${address}/metadata` }), /does not publish keys/],
  ])('of %s are not used, and the log says why', async (_what, changes, problem) => {
    metadata = { ...metadata, ...changes() };
    expect(await codeOf(tokensOf().verify(await token()))).toBe('ISSUER_UNAVAILABLE');
    expect(problems[0]).toMatch(problem);
  });
});

describe('what a server tells of its issuer', () => {
  it.each([
    ['https://login.windows.net/contoso.com', 'https://login.microsoftonline.com/contoso.com/v2.0'],
    ['https://sts.windows.net/contoso.com/', 'https://login.microsoftonline.com/contoso.com/v2.0'],
    ['https://login.microsoftonline.com/a/v2.0', 'https://login.microsoftonline.com/a/v2.0'],
    ['https://login.microsoftonline.us/a', 'https://login.microsoftonline.us/a/v2.0'],
    ['https://login.microsoftonline.com', 'https://login.microsoftonline.com/organizations/v2.0'],
    ['https://id.example.org/realms/a/', 'https://id.example.org/realms/a'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://id.example.org', undefined],
    ['https://ana:secret@id.example.org', undefined],
    ['https://id.example.org?tenant=a', undefined],
    ['id.example.org', undefined],
  ])('takes %s as %s', (authority, normal) => {
    expect(normaliseAuthority(authority)).toBe(normal);
  });

  it('is read from the header by its clients as it was written', () => {
    const logins = [
      defaultLogin('https://login.microsoftonline.com/a/v2.0', 'notebooks', `api://${API}`),
      defaultLogin('https://id.example.org', 'notebooks', 'https://api.example.org'),
      defaultLogin('https://id.example.org', 'notebooks', 'api'),
    ];
    expect(logins.map(({ scope, resource }) => [scope, resource])).toEqual([
      [`api://${API}/.default openid profile offline_access`, undefined],
      ['openid profile offline_access', 'https://api.example.org'],
      ['openid profile offline_access', undefined],
    ]);
    for (const login of logins) {
      expect(readLoginChallenge(`${loginChallenge(login)}, error="invalid_token"`)).toEqual(login);
    }
  });

  it.each([undefined, 'Bearer', 'Basic realm="a"', 'Bearer authority="https://a"', 'Bearer x'])(
    'is nothing in %s',
    (header) => {
      expect(readLoginChallenge(header)).toBeUndefined();
    },
  );
});
