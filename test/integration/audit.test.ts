import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rotateKey, UserManagement } from '../../src/server/index.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface Event {
  readonly time: string;
  readonly requestId?: string;
  readonly user?: string;
  readonly address?: string;
  readonly operation: string;
  readonly subject?: Readonly<Record<string, string>>;
  readonly status?: number;
  readonly error?: string;
}

const SECRET = 'Secret-1 of ada';

let dataDirectory: string;
let server: TestServer;
beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'slipway-audit-'));
  server = await startTestServer({ dataDirectory, embedded: false });
});
afterAll(async () => {
  await server.close();
  await rm(dataDirectory, { recursive: true, force: true });
});

const file = () => join(dataDirectory, 'audit.log');
const text = () => readFile(file(), 'utf8');

/** What is noted of an operation, as soon as it is. */
async function noted(operation: string, user?: string): Promise<Event[]> {
  let found: Event[] = [];
  await expect
    .poll(async () => {
      const events = (await text())
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Event);
      found = events.filter(
        (event) => event.operation === operation && (user === undefined || event.user === user),
      );
      return found.length;
    })
    .toBeGreaterThan(0);
  return found;
}

describe('the audit log', () => {
  it('is its owner’s alone', async () => {
    await noted('login');
    expect((await stat(file())).mode & 0o777).toBe(0o600);
  });

  it('tells who has logged in, who has tried to, and why it failed', async () => {
    await server.addUser('ada');
    const json = { username: 'ada', password: SECRET };
    const answer = await server.request('POST', '/login', { json, token: null });
    expect(answer.status).toBe(401);
    const events = await noted('login', 'ada');
    expect(events).toMatchObject([
      { status: 200, address: '127.0.0.1' },
      { status: 401, error: 'WRONG_PASSWORD', address: '127.0.0.1' },
    ]);
    expect(events.at(-1)?.requestId).toBe(answer.headers.get('x-request-id'));
    expect(Math.abs(Date.parse(events[0]?.time ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('tells of renewals, of tokens that are used again, and of revocations', async () => {
    const json = { username: 'admin', password: server.password };
    const login = await server.request('POST', '/login', { json, token: null });
    const { refresh_token: refreshToken } = login.json<{ refresh_token: string }>();
    const renew = () =>
      server.request('POST', '/login/refreshToken', { json: { refreshToken }, token: null });
    const renewed = (await renew()).json<{ access_token: string; refresh_token: string }>();
    expect((await renew()).status).toBe(401);
    expect(await noted('renewToken')).toMatchObject([
      { user: 'admin', status: 200 },
      { user: 'admin', status: 401, error: 'INVALID_REFRESH_TOKEN' },
    ]);
    const path = `/login/refreshToken/${encodeURIComponent(renewed.refresh_token)}`;
    await server.request('DELETE', path);
    await noted('DELETE /login/refreshToken/*');
    for (const token of [refreshToken, renewed.refresh_token, renewed.access_token]) {
      expect(await text()).not.toContain(token);
    }
  });

  it('tells of changes, of what they made, and of those that were refused', async () => {
    const token = await server.login('ada', 'ada has a password');
    const json = { code: `y = "${SECRET}"`, runtimeType: 'Python' };
    await server.request('POST', '/services/audited/1', { json, token });
    await server.request('POST', '/services/audited/1', { json, token });
    await server.request('PATCH', '/services/audited/1', { json: { description: SECRET }, token });
    await server.request('DELETE', '/services/audited/1', { token });
    const subject = { name: 'audited', version: '1' };
    expect(await noted('publishWebServiceVersion', 'ada')).toMatchObject([
      { subject, status: 201 },
      { subject, status: 409, error: 'DUPLICATE_SERVICE' },
    ]);
    expect(await noted('patchWebServiceVersion', 'ada')).toMatchObject([{ subject, status: 200 }]);
    expect(await noted('deleteWebServiceVersion', 'ada')).toMatchObject([{ subject, status: 200 }]);

    const runtime = { runtimeType: 'Python' };
    const created = await server.request('POST', '/sessions', { json: runtime, token });
    const { sessionId } = created.json<{ sessionId: string }>();
    await server.request('DELETE', `/sessions/${sessionId}`, { token });
    expect(await noted('createSession')).toMatchObject([{ user: 'ada', subject: { sessionId } }]);
    expect(await noted('closeSession')).toMatchObject([
      { user: 'ada', subject: { id: sessionId } },
    ]);
  });

  it('tells of requests without a login, by no name', async () => {
    await server.request('DELETE', '/services/any/1', { token: null });
    const events = await noted('deleteWebServiceVersion');
    expect(events.at(-1)).toMatchObject({ status: 401, error: 'MISSING_TOKEN' });
    expect(events.at(-1)).not.toHaveProperty('user');
  });

  it('tells of no calls of services, and of nothing that is read', async () => {
    await server.request('GET', '/services');
    await server.request('POST', '/api/any/1', { json: {} });
    await server.request('DELETE', '/snapshots/any');
    await noted('DeleteSnapshot');
    expect(await text()).not.toMatch(/getAllWebServices|"\/api/);
  });

  it('tells of what the command line does, by whom', async () => {
    const accounts = await UserManagement.open(dataDirectory);
    try {
      await accounts.add('carl', SECRET, 'Reader');
      await accounts.setRole('carl', 'Owner');
      await accounts.remove('carl');
    } finally {
      await accounts.close();
    }
    expect(await noted('slipway user add')).toEqual([
      {
        time: expect.any(String),
        user: expect.stringMatching(/ \(command line\)$/),
        operation: 'slipway user add',
        subject: { name: 'carl', role: 'Reader' },
      },
    ]);
    await noted('slipway user role');
    await noted('slipway user remove');
  });

  it('holds no secret', async () => {
    expect(await text()).not.toContain(SECRET);
    expect(await text()).not.toContain(server.password);
    expect(await text()).not.toContain(server.token);
  });
});

describe('a new signing key', () => {
  const keyOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string })
      .kid;

  it('signs new tokens, and logs nobody out', async () => {
    const before = await server.login();
    const id = await rotateKey(dataDirectory);
    expect((await noted('slipway server rotate-key'))[0]?.subject).toEqual({ key: id });
    await expect.poll(async () => keyOf(await server.login())).toBe(id);
    expect(keyOf(before)).not.toBe(id);
    expect((await server.request('GET', '/services', { token: before })).status).toBe(200);
  });

  it('is made for no folder that is no data directory', async () => {
    await expect(rotateKey(tmpdir())).rejects.toThrow('is not the data directory of a server');
  });
});
