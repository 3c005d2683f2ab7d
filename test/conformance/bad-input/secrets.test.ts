import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cliEnvironment, type ServerProcess, startServerProcess } from '../../support/cli.js';
import { send } from '../../support/server.js';

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

let directory: string;
let server: ServerProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-secrets-'));
  server = await startServerProcess(
    directory,
    cliEnvironment(directory, { SLIPWAY_LOG_LEVEL: 'trace' }),
  );
});
afterAll(async () => {
  await server.end('SIGINT');
  await rm(directory, { recursive: true, force: true });
});

const request = (method: string, path: string, options: Parameters<typeof send>[4] = {}) =>
  send(server.runtime.url, null, method, path, options);

async function logIn(): Promise<Tokens> {
  const { username, password } = server.runtime;
  return (await request('POST', '/login', { json: { username, password } })).json<Tokens>();
}

it('no password and no token is logged, however it is sent and at whatever level', async () => {
  const { password } = server.runtime;
  const wrong = 'wrong-password-of-somebody';
  const { access_token: token, refresh_token: first } = await logIn();
  const secrets = [password, wrong, token, first];
  const inPath = (refreshToken: string) => encodeURIComponent(refreshToken);

  await request('POST', '/login', { json: { username: 'admin', password: wrong } });
  await request('POST', '/login', { json: { username: 'admin', password: { wrong } } });
  await request('POST', '/login', { body: `{"username":"admin","password":"${wrong}"` });
  await request('GET', `/status?access_token=${token}`);
  await request('GET', '/status', { token: `${token}x` });
  await request('GET', '/status', { token });
  const renewed = await request('POST', '/login/refreshToken', { json: { refreshToken: first } });
  const pair = renewed.json<Tokens>();
  secrets.push(pair.access_token, pair.refresh_token);
  await request('POST', '/login/refreshToken', { json: { refreshToken: first } });

  for (const route of ['/login/refreshToken/', '/%6cogin/REFRESH%54oken/', '/none/refreshtoken/']) {
    for (const method of ['GET', 'DELETE']) {
      const { access_token, refresh_token } = await logIn();
      secrets.push(access_token, refresh_token);
      await request(method, `${route}${inPath(refresh_token)}`, { token: access_token });
      await request(method, `${route}${inPath(refresh_token)}%ff`, { token: access_token });
      await request(method, `/login/refreshToken?refreshToken=${inPath(refresh_token)}`);
    }
  }

  const log = server.output();
  expect(log).toContain('/login');
  for (const secret of secrets) {
    const [, , signature] = secret.split('.');
    for (const form of [secret, inPath(secret), signature ?? secret]) {
      expect(log).not.toContain(form);
    }
  }
});
