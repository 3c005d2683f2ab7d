import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserManagement } from '../../src/server/index.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { publish, tryPublish } from '../support/services.js';
import { ChannelClient } from './channel-client.js';

const DOUBLE = {
  code: 'y = 2 * x',
  inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
  outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
};

let server: TestServer;
const tokens = { Owner: '', Contributor: '', Reader: '' };
beforeAll(async () => {
  server = await startTestServer();
  for (const role of ['Owner', 'Contributor', 'Reader'] as const) {
    tokens[role] = await server.addUser(role.toLowerCase(), role);
  }
  await publish(server, 'double/1', DOUBLE);
});
afterAll(() => server.close());

const ask = async (role: keyof typeof tokens, method: string, path: string, json?: unknown) => {
  const answer = await server.request(method, path, {
    token: tokens[role],
    ...(json !== undefined && { json }),
  });
  const type = answer.status < 400 ? '' : answer.json<{ exceptionType: string }>().exceptionType;
  return [answer.status, type];
};

describe('a Reader', () => {
  it('lists and calls services, and reads their documents', async () => {
    expect(await ask('Reader', 'GET', '/services')).toEqual([200, '']);
    expect(await ask('Reader', 'POST', '/api/double/1', { x: 2 })).toEqual([200, '']);
    expect(await ask('Reader', 'GET', '/api/double/1/swagger.json')).toEqual([200, '']);
    expect(await ask('Reader', 'GET', '/status')).toEqual([200, '']);
  });

  it.each([
    ['POST', '/sessions', { runtimeType: 'Python' }],
    ['POST', '/sessions/any/execute', { code: '1' }],
    ['POST', '/sessions/any/files', undefined],
    ['POST', '/sessions/any/workspace/x', undefined],
    ['POST', '/sessions/any/snapshot', { name: 'kept' }],
    ['POST', '/sessions/any/loadsnapshot/any', undefined],
    ['POST', '/sessions/any/restart', undefined],
    ['PUT', '/sessions/any/lease', { seconds: 60 }],
    ['POST', '/SESSIONS/', { runtimeType: 'Python' }],
  ])('is refused %s %s', async (method, path, json) => {
    expect(await ask('Reader', method, path, json)).toEqual([403, 'READER_FORBIDDEN']);
  });

  it.each([
    ['POST', '/services/own', DOUBLE, 'PUBLISH_FORBIDDEN'],
    ['POST', '/services/double/2', DOUBLE, 'PUBLISH_FORBIDDEN'],
    ['PATCH', '/services/double/1', { description: 'mine' }, 'NOT_SERVICE_OWNER'],
    ['DELETE', '/services/double/1', undefined, 'NOT_SERVICE_OWNER'],
    ['POST', '/services/double/1/pool', { InitialPoolSize: 1 }, 'NOT_SERVICE_OWNER'],
    ['DELETE', '/services/double/1/pool', undefined, 'NOT_SERVICE_OWNER'],
  ])('is refused %s %s', async (method, path, json, type) => {
    expect(await ask('Reader', method, path, json)).toEqual([403, type]);
  });

  it('still sees and ends what they had before, and loses the rights over their services', async () => {
    tokens.Contributor = await server.addUser('demoted');
    const created = await server.request('POST', '/sessions', {
      token: tokens.Contributor,
      json: { runtimeType: 'Python' },
    });
    const { sessionId } = created.json<{ sessionId: string }>();
    await publish(server, 'demoted/1', DOUBLE, { token: tokens.Contributor });
    await server.server.context.auth.accounts.setRole('demoted', 'Reader');
    const path = `/sessions/${sessionId}`;
    const [refused] = await ask('Contributor', 'POST', `${path}/execute`, { code: '1' });
    expect(refused).toBe(403);
    await expect(ChannelClient.connect(server, sessionId, tokens.Contributor)).rejects.toThrow(
      '403',
    );
    expect(await ask('Contributor', 'DELETE', '/services/demoted/1')).toEqual([
      403,
      'NOT_SERVICE_OWNER',
    ]);
    expect(await ask('Contributor', 'GET', '/snapshots')).toEqual([200, '']);
    expect(await ask('Contributor', 'DELETE', path)).toEqual([200, '']);
  });
});

describe('a Contributor', () => {
  it("publishes new versions of another's service, and changes only their own", async () => {
    const token = await server.addUser('carl', 'Contributor');
    expect((await tryPublish(server, 'double/c', DOUBLE, { token })).status).toBe(201);
    const patch = (version: string) =>
      server.request('PATCH', `/services/double/${version}`, {
        token,
        json: { description: 'new' },
      });
    expect((await patch('c')).status).toBe(200);
    expect((await patch('1')).status).toBe(403);
  });
});

describe('an Owner', () => {
  it('changes and deletes the services of all', async () => {
    await publish(server, 'others/1', DOUBLE);
    expect(await ask('Owner', 'PATCH', '/services/others/1', { description: 'x' })).toEqual([
      200,
      '',
    ]);
    expect(await ask('Owner', 'DELETE', '/services/others/1')).toEqual([200, '']);
  });
});

describe('accounts changed by another process', () => {
  it('are those that a running server logs in from then on', async () => {
    const accounts = await UserManagement.open(server.dataDirectory);
    try {
      await accounts.add('late', 'late has a password', 'Reader');
      await expect(accounts.add('late', 'another password')).rejects.toThrow(/already/);
      const token = await server.login('late', 'late has a password');
      await accounts.remove('late');
      await expect(accounts.remove('late')).rejects.toThrow(/no account/);
      await expect(accounts.setRole('late', 'Owner')).rejects.toThrow(/no account/);
      await expect(accounts.remove('admin')).rejects.toThrow(/cannot be removed/);
      expect((await server.request('GET', '/services', { token })).status).toBe(401);
      expect((await accounts.list()).map(({ name }) => name)).not.toContain('late');
    } finally {
      await accounts.close();
    }
  });
});
