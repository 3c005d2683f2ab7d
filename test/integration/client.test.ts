import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  BadRequestError,
  ConflictError,
  LoginFailedError,
  NotFoundError,
  RServerClient,
} from '../../src/client/index.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let client: RServerClient;
beforeAll(async () => {
  server = await startTestServer();
  client = as('admin', server.password);
});
afterAll(async () => {
  await client?.close();
  await server?.close();
});

function as(username: string, password: string): RServerClient {
  return new RServerClient({
    url: server.url,
    credentials: { kind: 'password', username, password },
  });
}

describe('logging in', () => {
  it('reads the status with a token of its own', async () => {
    await expect(client.status()).resolves.toMatchObject({ statusCode: 'pass' });
  });

  it('is refused with a wrong password', async () => {
    const wrong = as('admin', 'Wrong-Password-1');
    await expect(wrong.status()).rejects.toThrow(LoginFailedError);
    await wrong.close();
  });

  it('takes a token in place of a password', async () => {
    const credentials = { kind: 'token', token: server.token } as const;
    const withToken = new RServerClient({ url: server.url, credentials });
    await expect(withToken.sessions.list()).resolves.toEqual([]);
    await withToken.close();
  });

  it('gets another token for a refused one', async () => {
    const first = await client.accessToken();
    const second = await client.replaceToken(first);
    expect(second).not.toBe(first);
    await expect(client.accessToken()).resolves.toBe(second);
  });
});

describe('a session', () => {
  let id: string;
  beforeAll(async () => {
    id = await client.sessions.create({ name: 'client', runtimeType: 'Python' });
  });

  it('is listed', async () => {
    await expect(client.sessions.list()).resolves.toEqual([
      { id, name: 'client', owner: 'admin', runtimeType: 'Python' },
    ]);
  });

  it('takes inputs, runs code and gives outputs', async () => {
    const answer = await client.sessions.execute(id, {
      code: 'y = [2 * v for v in x]\nprint("done")',
      inputParameters: [{ name: 'x', value: [1, 2] }],
      outputParameters: ['y'],
    });
    expect(answer).toMatchObject({
      success: true,
      outputParameters: [{ name: 'y', value: [2, 4] }],
    });
    await expect(client.sessions.consoleOutput(id)).resolves.toBe('done\n');
    await expect(client.sessions.history(id)).resolves.toHaveLength(1);
  });

  it('exchanges files', async () => {
    await client.sessions.uploadFile(id, 'a b.txt', Buffer.from('naïve'));
    await expect(client.sessions.listFiles(id)).resolves.toEqual(['a b.txt']);
    await expect(text(await client.sessions.downloadFile(id, 'a b.txt'))).resolves.toBe('naïve');
    await client.sessions.deleteFile(id, 'a b.txt');
    const error = await client.sessions
      .downloadFile(id, 'a b.txt')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotFoundError);
  });

  it('exchanges objects', async () => {
    const pickled = await client.sessions.getObject(id, 'y');
    await client.sessions.setObject(id, 'z', pickled);
    await expect(client.sessions.listObjects(id)).resolves.toEqual(['x', 'y', 'z']);
    await client.sessions.deleteObject(id, 'z');
    await expect(client.sessions.listObjects(id)).resolves.toEqual(['x', 'y']);
  });

  it('is saved and loaded', async () => {
    const { snapshotId, contents } = await client.sessions.createSnapshot(id, { name: 'both' });
    expect(contents?.objects.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['x', 'saved'],
      ['y', 'saved'],
    ]);
    await client.sessions.deleteObject(id, 'y');
    await client.sessions.loadSnapshot(id, snapshotId);
    await expect(client.sessions.listObjects(id)).resolves.toEqual(['x', 'y']);
    const zip = await buffer(await client.snapshots.download(snapshotId));
    expect(zip.subarray(0, 2).toString()).toBe('PK');
    const [listed] = await client.snapshots.list();
    expect(listed).toMatchObject({ id: snapshotId, name: 'both', contentSize: zip.byteLength });
    await client.snapshots.delete(snapshotId);
    await expect(client.sessions.loadSnapshot(id, snapshotId)).rejects.toThrow(NotFoundError);
  });

  it('is interrupted', async () => {
    const running = client.sessions.execute(id, { code: 'print(1)\nwhile True: pass' });
    while ((await client.sessions.consoleOutput(id)) !== '1\n');
    await client.sessions.cancel(id);
    await expect(running).resolves.toMatchObject({ success: false });
  });

  it('closes', async () => {
    await client.sessions.close(id);
    await expect(client.sessions.list()).resolves.toEqual([]);
  });

  it('is not found under another id', async () => {
    const error = await client.sessions.history('none').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ resource: { kind: 'session', name: 'none' } });
  });
});

describe('a service', () => {
  const request = {
    code: 'y = 2 * x',
    runtimeType: 'Python',
    inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
    outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
  } as const;
  const body = {
    ...request,
    inputParameterDefinitions: [...request.inputParameterDefinitions],
    outputParameterDefinitions: [...request.outputParameterDefinitions],
  };

  it('is published, called, changed and deleted', async () => {
    const { services } = client;
    await expect(services.publish('double it', 'v1.0', body)).resolves.toBe('v1.0');
    await expect(services.consume('double it', 'v1.0', { x: 21 })).resolves.toMatchObject({
      success: true,
      outputParameters: { y: 42 },
    });
    await expect(services.publish('double it', 'v1.0', body)).rejects.toThrow(ConflictError);
    await expect(services.consume('double it', 'v1.0', {})).rejects.toThrow(BadRequestError);
    await services.update('double it', 'v1.0', { description: 'Doubles.' });
    const service = await services.get('double it', 'v1.0');
    expect(service).toMatchObject({ description: 'Doubles.', code: 'y = 2 * x' });
    expect(JSON.parse(await services.swagger('double it', 'v1.0'))).toMatchObject({
      swagger: '2.0',
    });
    await services.delete('double it', 'v1.0');
    const error = await services.get('double it', 'v1.0').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ resource: { kind: 'service', version: 'v1.0' } });
  });

  it('gets a version from the server when it has none', async () => {
    const version = await client.services.publish('unversioned', undefined, body);
    await expect(client.services.list('unversioned')).resolves.toMatchObject([{ version }]);
    await client.services.delete('unversioned', version);
  });
});
