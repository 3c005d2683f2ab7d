import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';

const DAY = 24 * 60 * 60 * 1000;

let home: string;
let server: TestServer;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-accounts-'));
  server = await startTestServer({ dataDirectory: home, embedded: false });
});
afterEach(async () => {
  vi.useRealTimers();
  await server.close();
  await rm(home, { recursive: true, force: true });
});

interface Tokens {
  access_token: string;
  refresh_token: string;
}

async function logIn(): Promise<Tokens> {
  const json = { username: 'admin', password: server.password };
  return (await server.request('POST', '/login', { json, token: null })).json<Tokens>();
}

const renew = (refreshToken: string) =>
  server.request('POST', '/login/refreshToken', { json: { refreshToken }, token: null });

/** Lets time pass for everything that was stored so far. */
function age(columns: 'renewed_at' | 'started_at', milliseconds: number): void {
  const database = new DatabaseSync(join(home, 'slipway.db'));
  database.prepare(`update logins set ${columns} = ${columns} - ?`).run(milliseconds);
  database.close();
}

describe('a login', () => {
  it('can be renewed for 14 days without use', async () => {
    const { refresh_token } = await logIn();
    age('renewed_at', 14 * DAY - 60_000);
    expect((await renew(refresh_token)).status).toBe(200);
  });

  it('ends when it was not renewed for 14 days', async () => {
    const { refresh_token } = await logIn();
    age('renewed_at', 14 * DAY);
    expect((await renew(refresh_token)).status).toBe(401);
  });

  it('ends after 90 days however often it was renewed', async () => {
    const { refresh_token } = await logIn();
    age('started_at', 90 * DAY);
    expect((await renew(refresh_token)).status).toBe(401);
  });

  it('is forgotten by the database when it has ended, at the next login', async () => {
    await logIn();
    age('renewed_at', 15 * DAY);
    await logIn();
    const database = new DatabaseSync(join(home, 'slipway.db'));
    expect(database.prepare('select count(*) as n from logins').get()).toEqual({ n: 1 });
    database.close();
  });

  it('has an access token for one hour', async () => {
    const { access_token } = await logIn();
    const status = () => server.request('GET', '/status', { token: access_token });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_598_000 });
    expect((await status()).status).toBe(200);
    vi.setSystemTime(Date.now() + 3000);
    expect((await status()).json()).toMatchObject({ exceptionType: 'TOKEN_EXPIRED' });
  });
});

describe('the account admin', () => {
  it('gets a random password at the first start, in a file for its owner alone', async () => {
    const file = join(home, 'admin-password');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toBe(`${server.password}\n`);
    expect(server.password.length).toBeGreaterThanOrEqual(20);
    await expect(stat(join(home, 'runtime.json'))).rejects.toThrow('ENOENT');
  });

  it('keeps its password, its logins and the signing key over a restart', async () => {
    const { password } = server;
    const { access_token, refresh_token } = await logIn();
    await server.close();
    server = await startTestServer({ dataDirectory: home, embedded: false }, password);
    expect(server.server.adminPassword).toBeUndefined();
    expect((await server.request('GET', '/status', { token: access_token })).status).toBe(200);
    expect((await renew(refresh_token)).status).toBe(200);
    expect(await server.login('admin', password)).toMatch(/^ey/);
  });

  it('has a new password at each start of an embedded server', async () => {
    const { password } = server;
    await server.close();
    server = await startTestServer({ dataDirectory: home, embedded: true });
    const json = { username: 'admin', password };
    expect((await server.request('POST', '/login', { json, token: null })).status).toBe(401);
    const runtime = JSON.parse(await readFile(join(home, 'runtime.json'), 'utf8'));
    expect(runtime.password).toBe(server.password);
  });
});
