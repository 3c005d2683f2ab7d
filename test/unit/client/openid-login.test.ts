import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceLogin } from '../../../src/client/openid/device-login.js';
import { openIdLogin } from '../../../src/client/openid/index.js';

const NOTHING = {
  authority: undefined,
  clientId: undefined,
  audience: undefined,
  scope: undefined,
} as const;
const CHALLENGE =
  'Bearer authority="https://id.example.org", client_id="notebooks", scope="openid", resource="https://api.example.org"';

let http: Server;
let url: string;
/** What the server says to a request without a token. */
let challenge: string | undefined;
/** What it answers as an issuer, by path. */
let answers: Record<string, { status?: number; body: unknown }>;
let asked: string[];
beforeEach(async () => {
  challenge = CHALLENGE;
  answers = {};
  asked = [];
  http = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = answers[request.url ?? ''];
    if (answer === undefined) {
      response.writeHead(401, challenge === undefined ? {} : { 'www-authenticate': challenge });
      response.end('{}');
      return;
    }
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(() => {
  http.close();
  http.closeAllConnections();
});

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => new Error('Nothing went wrong.'),
    (error: Error) => error,
  );

describe('where to log in', () => {
  it('is what the server says, when nothing is configured', async () => {
    expect(await openIdLogin(url, undefined, NOTHING)).toEqual({
      authority: 'https://id.example.org',
      clientId: 'notebooks',
      scope: 'openid',
      resource: 'https://api.example.org',
    });
  });

  it('is what is configured, without asking a server, when that is enough', async () => {
    const settings = {
      authority: 'https://login.windows.net/a',
      clientId: 'own',
      audience: 'api',
      scope: undefined,
    };
    expect(await openIdLogin(url, undefined, settings)).toEqual({
      authority: 'https://login.microsoftonline.com/a/v2.0',
      clientId: 'own',
      scope: 'api/.default openid profile offline_access',
    });
    expect(asked).toEqual([]);
  });

  it('is what is configured before what the server says', async () => {
    const settings = { ...NOTHING, authority: 'https://own.example.org', scope: 'mine' };
    expect(await openIdLogin(url, undefined, settings)).toMatchObject({
      authority: 'https://own.example.org',
      clientId: 'notebooks',
      scope: 'mine',
    });
  });

  it('has to be configured for a server that does not say it', async () => {
    challenge = 'Bearer';
    const error = await failure(openIdLogin(url, undefined, NOTHING));
    expect(error).toMatchObject({ code: 'UNKNOWN_ISSUER' });
    expect(error.message).toMatch(/SLIPWAY_AUTHORITY, SLIPWAY_CLIENT_ID and SLIPWAY_AUDIENCE/);
  });

  it('is never a place without TLS', async () => {
    challenge = CHALLENGE.replace('https://id', 'http://id');
    const error = await failure(openIdLogin(url, undefined, NOTHING));
    expect(error).toMatchObject({ code: 'UNKNOWN_ISSUER' });
    expect(error.message).toContain('not protected by TLS');
    const settings = { ...NOTHING, authority: 'http://id.example.org' };
    expect(await failure(openIdLogin(url, undefined, settings))).toMatchObject({ code: 'SETTING' });
  });
});

describe('an issuer', () => {
  const begin = () =>
    new DeviceLogin({ authority: url, clientId: 'notebooks', scope: 'a' }).begin();
  const metadata = () => ({
    issuer: url,
    token_endpoint: `${url}/token`,
    device_authorization_endpoint: `${url}/device`,
  });

  it('that is away is told by its address', async () => {
    http.close();
    http.closeAllConnections();
    expect(await failure(begin())).toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringContaining(`${url} cannot be reached (ECONNREFUSED)`),
    });
  });

  it('that is none is told so', async () => {
    const error = await failure(begin());
    expect(error).toMatchObject({ code: 'ISSUER_REFUSED' });
    expect(error.message).toContain('is not an issuer of OpenID Connect');
  });

  it('that calls itself something else is not used', async () => {
    const body = { ...metadata(), issuer: 'https://other.example.org' };
    answers['/.well-known/openid-configuration'] = { body };
    expect((await failure(begin())).message).toContain('calls itself https://other.example.org');
  });

  it('that has no such login says what to do instead', async () => {
    const { device_authorization_endpoint: _, ...body } = metadata();
    answers['/.well-known/openid-configuration'] = { body };
    expect((await failure(begin())).message).toContain('--auth token');
  });

  it('that refuses the program is told with its own words', async () => {
    answers['/.well-known/openid-configuration'] = { body: metadata() };
    const body = { error: 'invalid_client', error_description: 'No such program.' };
    answers['/device'] = { status: 400, body };
    expect((await failure(begin())).message).toMatch(/refuses .*notebooks.*No such program\./);
  });

  it('is waited for again when it is away while its user confirms the code', async () => {
    answers['/.well-known/openid-configuration'] = { body: metadata() };
    const device = { device_code: 'd', user_code: 'u', verification_uri: url, expires_in: 60 };
    answers['/device'] = { body: { ...device, interval: 0.05 } };
    const { granted } = await begin();
    const waiting = granted(new AbortController().signal);
    const { port } = http.address() as AddressInfo;
    http.close();
    http.closeAllConnections();
    await once(http, 'close');
    answers['/token'] = {
      body: { access_token: 'token', token_type: 'bearer', expires_in: 60, refresh_token: 'r' },
    };
    http.listen(port, '127.0.0.1');
    expect(await waiting).toMatchObject({ token: 'token', refreshToken: 'r' });
  });

  it('is not asked longer than its code holds', async () => {
    answers['/.well-known/openid-configuration'] = { body: metadata() };
    const device = { device_code: 'd', user_code: 'u', verification_uri: url, expires_in: 0.2 };
    answers['/device'] = { body: { ...device, interval: 0.05 } };
    answers['/token'] = { status: 400, body: { error: 'authorization_pending' } };
    const { granted } = await begin();
    const error = await failure(granted(new AbortController().signal));
    expect(error).toMatchObject({ code: 'LOGIN_FAILED' });
    expect(error.message).toContain('not confirmed in time');
  });
});
