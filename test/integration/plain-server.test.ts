import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { WEBSOCKET_SUBPROTOCOL } from '../../src/jupyter/index.js';
import { hasReference, Reference } from '../support/reference.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface SwaggerDocument {
  info: object;
  paths: Record<string, Record<string, { operationId: string }>>;
  definitions: Record<string, { properties?: Record<string, unknown> }>;
}

describe('a server with the API of R Server 9.1 alone', () => {
  let server: TestServer;
  let session: string;
  beforeAll(async () => {
    server = await startTestServer({ api: '9.1' });
    const created = await server.request('POST', '/sessions', { json: { runtimeType: 'Python' } });
    session = `/sessions/${created.json<{ sessionId: string }>().sessionId}`;
  });
  afterAll(() => server.close());

  it('refuses a WebSocket to a session as a path that it does not have', async () => {
    const socket = new WebSocket(
      `${server.url.replace('http', 'ws')}${session}/channels`,
      WEBSOCKET_SUBPROTOCOL,
      { headers: { Authorization: `Bearer ${server.token}` } },
    );
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(404);
    socket.on('error', () => undefined);
    socket.terminate();
    expect((await server.request('GET', `${session}/channels`)).status).toBe(404);
  });

  it('saves all of a session whatever else a snapshot is asked for, and tells its id alone', async () => {
    await server.request('POST', `${session}/execute`, { json: { code: 'a = 1\nb = 2' } });
    const saved = await server.request('POST', `${session}/snapshot`, {
      json: { name: 'whole', names: ['a'], code: 'print(a)', exclude: ['b'] },
    });
    expect(saved.status).toBe(201);
    expect(Object.keys(saved.json<object>())).toEqual(['snapshotId']);
    const { snapshotId } = saved.json<{ snapshotId: string }>();
    const other = await server.request('POST', '/sessions', {
      json: { runtimeType: 'Python', snapshotId },
    });
    const names = await server.request(
      'GET',
      `/sessions/${other.json<{ sessionId: string }>().sessionId}/workspace`,
    );
    expect(names.json()).toEqual(['a', 'b']);
  });
});

describe.runIf(hasReference).each(['9.1', '9.3'] as const)(
  'the Swagger document of a server with the API of R Server %s',
  (version) => {
    const reference = hasReference ? new Reference(version) : undefined;
    let document: SwaggerDocument;
    beforeAll(async () => {
      const server = await startTestServer({ api: version });
      document = (await server.request('GET', '/swagger.json')).json();
      await server.close();
    });

    it('has its title and version, by which generators name the class of a client', () => {
      expect(document.info).toMatchObject({ title: 'MRSServer', version: `${version}.0` });
    });

    it('has the operations of the published one and no others', () => {
      const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(
          ([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`,
        ),
      );
      const expected = (reference?.operations ?? []).map(
        ({ operationId, method, path }) => `${operationId} ${method} ${path}`,
      );
      expect(operations.sort()).toEqual(expected.sort());
    });

    it('has requests and answers with no fields but the published ones', () => {
      for (const [name, { properties = {} }] of Object.entries(document.definitions)) {
        const published = reference?.fieldsOf(name);
        expect(published, name).toBeDefined();
        // `expires_in` stands in every recorded answer of R Server, and not in its document.
        const fields = Object.keys(properties).filter((field) => field !== 'expires_in');
        expect(published, name).toEqual(expect.arrayContaining(fields));
        // Fields of requests are arguments of generated constructors, in this order.
        if (name.endsWith('Request')) expect(fields, name).toEqual(published);
      }
      expect(Object.keys(document.definitions.CreateSnapshotRequest?.properties ?? {})).toEqual([
        'name',
      ]);
    });
  },
);
