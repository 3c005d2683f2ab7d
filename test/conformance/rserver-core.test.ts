import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasReference, Reference } from '../support/reference.js';
import { type RequestOptions, startTestServer, type TestServer } from '../support/server.js';

/** Answers of the bundled server against the schemas of R Server 9.1. */
describe.runIf(hasReference)('answers by the Swagger document of R Server 9.1', () => {
  const reference = hasReference ? new Reference() : (undefined as never);
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  /** Sends a request; its answer must have the status and conform to the operation's schema. */
  async function check(
    operationId: string,
    status: number,
    method: string,
    path: string,
    options?: RequestOptions,
  ) {
    const answer = await server.request(method, path, options);
    expect(answer.status, answer.text.slice(0, 500)).toBe(status);
    const isJson = answer.headers.get('content-type')?.startsWith('application/json');
    const body = isJson ? answer.json() : undefined;
    expect(reference.mismatches(operationId, status, body)).toEqual([]);
    return answer;
  }

  const credentials = () => ({ username: 'admin', password: server.password });

  it('login', async () => {
    await check('login', 200, 'POST', '/login', { json: credentials(), token: null });
  });

  it('login with a wrong password', async () => {
    const json = { username: 'admin', password: 'wrong' };
    await check('login', 401, 'POST', '/login', { json, token: null });
  });

  it('renewal and revocation of tokens', async () => {
    const first = await check('login', 200, 'POST', '/login', { json: credentials() });
    const { refresh_token } = first.json<{ refresh_token: string }>();
    const second = await check('renewToken', 200, 'POST', '/login/refreshToken', {
      json: { refreshToken: refresh_token },
    });
    const last = encodeURIComponent(second.json<{ refresh_token: string }>().refresh_token);
    await check('revokeRefreshToken', 200, 'DELETE', `/login/refreshToken?refreshToken=${last}`);
    await check('revokeRefreshToken', 401, 'DELETE', `/login/refreshToken?refreshToken=${last}`);
  });

  it('status', async () => {
    const answer = await check('status', 200, 'GET', '/status');
    expect(answer.json()).toMatchObject({
      statusCode: 'pass',
      components: {
        backends: { statusCode: 'pass' },
        authentication: { statusCode: 'pass' },
        database: { details: { type: 'sqlite', name: 'main', state: 'Open' } },
      },
    });
  });

  it('status without a token', async () => {
    await check('status', 401, 'GET', '/status', { token: null });
  });

  it('snapshots that do not exist', async () => {
    await check('ListSnapshots', 200, 'GET', '/snapshots');
    await check('GetSnapshotContent', 404, 'GET', '/snapshots/none');
    await check('DeleteSnapshot', 404, 'DELETE', '/snapshots/none');
  });

  it('the life of a session', async () => {
    const created = await check('createSession', 201, 'POST', '/sessions', {
      json: { name: 'conformance', runtimeType: 'Python' },
    });
    const session = `/sessions/${created.json<{ sessionId: string }>().sessionId}`;
    await check('listSessions', 200, 'GET', '/sessions');
    const executed = await check('executeCode', 200, 'POST', `${session}/execute`, {
      json: {
        code: 'y = x + 1\nprint(y)',
        inputParameters: [{ name: 'x', value: 1 }],
        outputParameters: ['y'],
      },
    });
    expect(executed.json()).toMatchObject({
      success: true,
      outputParameters: [{ name: 'y', value: 2 }],
      consoleOutput: '2\n',
    });
    await check('executeCode', 200, 'POST', `${session}/execute`, { json: { code: '1/0' } });
    await check('getSessionConsoleOutput', 200, 'GET', `${session}/console-output`);
    await check('listSessionHistory', 200, 'GET', `${session}/history`);
    await check('listWorkspaceObjects', 200, 'GET', `${session}/workspace`);
    await check('getWorkspaceObject', 200, 'GET', `${session}/workspace/y`);
    await check('getWorkspaceObject', 404, 'GET', `${session}/workspace/absent`);
    await check('deleteWorkspaceObject', 200, 'DELETE', `${session}/workspace/x`);
    await check('listSessionFiles', 200, 'GET', `${session}/files`);
    await check('getSessionFile', 404, 'GET', `${session}/files/absent.txt`);
    await check('cancelSession', 200, 'POST', `${session}/cancel`);
    const saved = await check('CreateSnapshot', 201, 'POST', `${session}/snapshot`, {
      json: { name: 'conformance' },
    });
    const { snapshotId } = saved.json<{ snapshotId: string }>();
    await check('ListSnapshots', 200, 'GET', '/snapshots');
    await check('LoadSnapshot', 200, 'POST', `${session}/loadsnapshot/${snapshotId}`);
    await check('GetSnapshotContent', 200, 'GET', `/snapshots/${snapshotId}`);
    await check('DeleteSnapshot', 200, 'DELETE', `/snapshots/${snapshotId}`);
    await check('closeSession', 200, 'DELETE', session);
    await check('executeCode', 410, 'POST', `${session}/execute`, { json: { code: '1' } });
    await check('closeSession', 404, 'DELETE', '/sessions/00000000-0000-4000-8000-000000000000');
  });

  it('the life of a service', async () => {
    const definition = {
      code: 'y = x + 1',
      runtimeType: 'Python',
      inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
      outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
    };
    const path = '/services/Conformance/V1.0';
    await check('publishWebServiceVersion', 201, 'POST', path, { json: definition });
    await check('publishWebServiceVersion', 409, 'POST', path, { json: definition });
    await check('publishWebServiceVersion', 400, 'POST', '/services/Conformance/V2.0', {
      json: {},
    });
    const other = await check('publishWebService', 201, 'POST', '/services/Conformance', {
      json: definition,
    });
    await check('getAllWebServices', 200, 'GET', '/services');
    await check('getAllWebServiceVersionsByName', 200, 'GET', '/services/Conformance');
    await check('getWebServiceVersion', 200, 'GET', path);
    await check('GetWebServiceSwagger', 200, 'GET', '/api/Conformance/V1.0/swagger.json');
    await check('GetWebServiceSwagger', 404, 'GET', '/api/Conformance/absent/swagger.json');
    await check('patchWebServiceVersion', 200, 'PATCH', path, { json: { description: 'New.' } });
    await check('patchWebServiceVersion', 404, 'PATCH', '/services/Absent/1', { json: {} });
    const version = other.json<string>();
    await check('deleteWebServiceVersion', 200, 'DELETE', `/services/Conformance/${version}`);
    await check('deleteWebServiceVersion', 200, 'DELETE', path);
    await check('getWebServiceVersion', 404, 'GET', path);
  });
});
