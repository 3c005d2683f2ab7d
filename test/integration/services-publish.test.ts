import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebService } from '../../src/api/index.js';
import { hasReference, Reference } from '../support/reference.js';
import { type Answer, startTestServer, type TestServer } from '../support/server.js';
import { consume, publish, snapshotOf, tryPublish } from '../support/services.js';

const ADD = {
  code: 'total = a + b',
  inputParameterDefinitions: [
    { name: 'a', type: 'numeric' },
    { name: 'b', type: 'numeric' },
  ],
  outputParameterDefinitions: [{ name: 'total', type: 'numeric' }],
};

const X_DEFINITION = { name: 'x', type: 'numeric' };
const X = { name: 'x', type: 'integer' };

let server: TestServer;
let stranger: string;

beforeAll(async () => {
  server = await startTestServer({ serviceWorkers: 1 });
  stranger = await server.addUser('stranger');
});
afterAll(() => server.close());

function sentence(answer: Answer): string {
  return answer.json<{ message: string }>().message;
}

async function metadata(path: string, token?: string): Promise<WebService> {
  const answer = await server.request('GET', `/services/${path}`, token ? { token } : {});
  expect(answer.status).toBe(200);
  const [service] = answer.json<[WebService]>();
  return service;
}

describe('publishing', () => {
  it('answers 201 with the version, and the version can be called', async () => {
    const answer = await tryPublish(server, 'Add/v1.0.0-alpha', ADD);
    expect([answer.status, answer.text]).toEqual([201, '"v1.0.0-alpha"']);
    const { outputParameters } = await consume(server, 'Add/v1.0.0-alpha', { a: 1, b: 2.5 });
    expect(outputParameters).toEqual({ total: 3.5 });
  });

  it('makes up a GUID as the version of a service published without one', async () => {
    const answer = await tryPublish(server, 'Unversioned', ADD);
    expect(answer.status).toBe(201);
    const version = answer.json<string>();
    expect(version).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect((await metadata(`Unversioned/${version}`)).version).toBe(version);
  });

  it('takes explicit nulls for absent fields, as the Python SDK sends them', async () => {
    const answer = await tryPublish(server, 'Nulls/1', {
      code: 'pass',
      snapshotId: null,
      description: null,
      operationId: null,
      inputParameterDefinitions: null,
      outputParameterDefinitions: null,
      initCode: null,
      outputFileNames: null,
    });
    expect(answer.status).toBe(201);
    expect((await metadata('Nulls/1')).inputParameterDefinitions).toEqual([]);
  });

  it('takes names with the characters that people use', async () => {
    for (const name of ['bos-rf', 'py_realtime', 'a.b c', 'Käse', 'a!b@c#d$e%f^g&h*i(j)k+l,m<n']) {
      const path = `${encodeURIComponent(name)}/${encodeURIComponent('1.0 ß')}`;
      await publish(server, path, { code: 'x = 1', outputParameterDefinitions: [X] });
      expect((await metadata(path)).name).toBe(name);
      expect((await consume(server, path)).outputParameters).toEqual({ x: 1 });
    }
  });

  it.each([
    ['a slash in the name', 'a%2Fb/1'],
    ['a name of dots', '%2E%2E/1'],
    ['a control character', 'a%0Ab/1'],
    ['a name of 129 characters', `${'n'.repeat(129)}/1`],
  ])('refuses %s', async (_what, path) => {
    const answer = await tryPublish(server, path, ADD);
    expect([400, 404]).toContain(answer.status);
    expect(sentence(answer)).not.toBe('');
  });

  it('refuses a version that exists', async () => {
    await publish(server, 'Twice/1', ADD);
    const answer = await tryPublish(server, 'Twice/1', ADD);
    expect(answer.status).toBe(409);
    expect(sentence(answer)).toContain('PATCH /services/Twice/1');
  });

  it('lets one of two that publish the same at once win', async () => {
    const answers = await Promise.all([
      tryPublish(server, 'Race/1', ADD),
      tryPublish(server, 'Race/1', ADD),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it.each([{ runtimeType: 'R' }, { runtimeType: null }, {}])(
    'refuses an R service, which one without a runtime is: %j',
    async (runtime) => {
      const json = { code: 'x = 1', ...runtime };
      const answer = await server.request('POST', '/services/R/1', { json });
      expect(answer.status).toBe(400);
      expect(sentence(answer)).toContain('"runtimeType": "Python"');
    },
  );

  it.each([
    ['an unknown type', [{ name: 'x', type: 'float64' }], ['float64', 'data.frame', 'numeric']],
    ['a name that is no identifier', [{ name: '1x', type: 'numeric' }], ['"1x"']],
    ['a word of Python', [{ name: 'class', type: 'numeric' }], ['"class"']],
    ['a name given twice', [X_DEFINITION, X_DEFINITION], ['"x" twice']],
  ])('refuses %s among the parameters', async (_what, definitions, parts) => {
    for (const field of ['inputParameterDefinitions', 'outputParameterDefinitions']) {
      const answer = await tryPublish(server, 'Bad/1', { code: 'x = 1', [field]: definitions });
      expect(answer.status).toBe(400);
      for (const part of [field, ...parts]) expect(sentence(answer)).toContain(part);
    }
  });

  it.each(['../out.png', '/etc/passwd', 'a//b', '.', 'a\\b'])(
    'refuses %j as an output file',
    async (name) => {
      const answer = await tryPublish(server, 'Bad/1', { code: 'x = 1', outputFileNames: [name] });
      expect(answer.status).toBe(400);
      expect(sentence(answer)).toContain('outputFileNames');
    },
  );

  it('tells the line of a syntax error', async () => {
    const answer = await tryPublish(server, 'Bad/1', { code: 'x = 1\nif x\n  y = 2' });
    expect(answer.status).toBe(400);
    expect(sentence(answer)).toContain('code has a syntax error in line 2');
  });

  it('tells why initCode failed, and where', async () => {
    const answer = await tryPublish(server, 'Bad/1', { code: 'x = 1', initCode: 'a = 1\nb = 1/0' });
    expect(answer.status).toBe(400);
    expect(sentence(answer)).toContain(
      'The initCode of Bad/1 failed in line 2: ZeroDivisionError: division by zero',
    );
  });

  it('tells of an initCode that ends the process', async () => {
    const answer = await tryPublish(server, 'Bad/1', {
      code: 'x=1',
      initCode: 'import os; os._exit(3)',
    });
    expect(answer.status).toBe(400);
    expect(sentence(answer)).toContain('exited with status 3 before it was ready');
  });

  it('refuses a body without code', async () => {
    const answer = await server.request('POST', '/services/Bad/1', {
      json: { runtimeType: 'Python' },
    });
    expect(answer.status).toBe(400);
    expect(sentence(answer)).toContain('code');
  });

  it('refuses a snapshot that does not exist', async () => {
    const answer = await tryPublish(server, 'Bad/1', { ...ADD, snapshotId: 'nothing' });
    expect(answer.status).toBe(404);
    expect(sentence(answer)).toContain('"nothing"');
  });

  it('refuses users with the role Reader', async () => {
    await server.server.context.auth.accounts.setPassword(
      'reader',
      'reader has a password',
      'Reader',
    );
    const token = await server.login('reader', 'reader has a password');
    const answer = await tryPublish(server, 'Read/1', ADD, { token });
    expect(answer.status).toBe(403);
    await publish(server, 'Read/1', ADD);
    const called = await server.request('POST', '/api/Read/1', { token, json: { a: 1, b: 1 } });
    expect(called.status).toBe(200);
  });

  describe('from a snapshot', () => {
    it("refuses another user's snapshot as if it were not there", async () => {
      const snapshotId = await snapshotOf(server, 'x = 1');
      const answer = await tryPublish(
        server,
        'Theirs/1',
        { ...ADD, snapshotId },
        { token: stranger },
      );
      expect(answer.status).toBe(404);
    });

    it('refuses code that needs an object which the snapshot could not save, with the reason', async () => {
      const snapshotId = await snapshotOf(
        server,
        'import socket\nconnection = socket.socket()\nfine = 1\ndef use():\n    return connection.fileno()',
      );
      const answer = await tryPublish(server, 'Socket/1', {
        code: 'x = use()',
        snapshotId,
        outputParameterDefinitions: [X],
      });
      expect(answer.status).toBe(400);
      expect(sentence(answer)).toMatch(/connection: .+/);
      await publish(server, 'Socket/2', {
        code: 'x = fine',
        snapshotId,
        outputParameterDefinitions: [X],
      });
      expect((await consume(server, 'Socket/2')).outputParameters).toEqual({ x: 1 });
    });
  });
});

describe('metadata', () => {
  it('has the keys of the wire in their order', async () => {
    await publish(server, 'Meta/1', { ...ADD, description: 'Adds.', initCode: 'zero = 0' });
    const answer = await server.request('GET', '/services/Meta/1');
    expect(Object.keys(answer.json<[object]>()[0])).toEqual([
      'name',
      'version',
      'versionPublishedBy',
      'creationTime',
      'snapshotId',
      'runtimeType',
      'initCode',
      'code',
      'description',
      'operationId',
      'inputParameterDefinitions',
      'outputParameterDefinitions',
      'outputFileNames',
      'myPermissionOnService',
    ]);
    expect(answer.json<[WebService]>()[0]).toMatchObject({
      versionPublishedBy: 'admin',
      snapshotId: null,
      operationId: 'consume',
      myPermissionOnService: 'read/write',
    });
  });

  it('hides the code from other users, who may read only', async () => {
    await publish(server, 'Hidden/1', { ...ADD, initCode: 'key = 1' });
    const seen = await metadata('Hidden/1', stranger);
    expect(seen).not.toHaveProperty('code');
    expect(seen).not.toHaveProperty('initCode');
    expect(seen.myPermissionOnService).toBe('read only');
  });

  it('lists versions oldest first, and none of an unknown name', async () => {
    for (const version of ['b', 'a', 'c']) await publish(server, `Order/${version}`, ADD);
    const versions = (await server.request('GET', '/services/Order')).json<WebService[]>();
    expect(versions.map(({ version }) => version)).toEqual(['b', 'a', 'c']);
    const all = (await server.request('GET', '/services')).json<WebService[]>();
    expect(all.slice(-3).map(({ version }) => version)).toEqual(['b', 'a', 'c']);
    expect((await server.request('GET', '/services/Nobody')).json()).toEqual([]);
  });

  it.skipIf(!hasReference)('conforms to the schemas of R Server', async () => {
    const reference = new Reference();
    await publish(server, 'Schema/1', { ...ADD, description: 'Adds.' });
    const calls = [
      ['getAllWebServices', 'GET', '/services'],
      ['getAllWebServiceVersionsByName', 'GET', '/services/Schema'],
      ['getWebServiceVersion', 'GET', '/services/Schema/1'],
      ['patchWebServiceVersion', 'PATCH', '/services/Schema/1'],
      ['GetWebServiceSwagger', 'GET', '/api/Schema/1/swagger.json'],
      ['deleteWebServiceVersion', 'DELETE', '/services/Schema/1'],
      ['getWebServiceVersion', 'GET', '/services/Schema/1'],
    ] as const;
    for (const [operation, method, path] of calls) {
      const answer = await server.request(method, path, method === 'PATCH' ? { json: {} } : {});
      const body = answer.text === '' ? undefined : answer.json();
      expect(reference.mismatches(operation, answer.status, body)).toEqual([]);
    }
  });

  it('answers 404 for an unknown version', async () => {
    await publish(server, 'Known/1', ADD);
    for (const path of ['/services/Known/2', '/services/known/1', '/api/Known/2/swagger.json']) {
      expect((await server.request('GET', path)).status).toBe(404);
    }
  });
});

describe('PATCH', () => {
  it('keeps what is absent or null, empties with [], and answers the version', async () => {
    await publish(server, 'Patch/1', { ...ADD, description: 'Before', outputFileNames: ['a.txt'] });
    const answer = await server.request('PATCH', '/services/Patch/1', {
      json: {
        description: 'After',
        runtimeType: 'Python',
        code: null,
        inputParameterDefinitions: null,
        outputFileNames: [],
      },
    });
    expect([answer.status, answer.text]).toEqual([200, '"1"']);
    const service = await metadata('Patch/1');
    expect(service).toMatchObject({
      description: 'After',
      code: ADD.code,
      inputParameterDefinitions: ADD.inputParameterDefinitions,
      outputFileNames: [],
    });
  });

  it('removes the description, the alias, initCode and the snapshot with ""', async () => {
    const snapshotId = await snapshotOf(server, 'k = 1');
    await publish(server, 'Emptied/1', {
      code: "known = [name for name in ('k', 'i') if name in globals()]",
      outputParameterDefinitions: [{ name: 'known', type: 'vector' }],
      description: 'Tells.',
      operationId: 'tell',
      initCode: 'i = 1',
      snapshotId,
    });
    expect((await consume(server, 'Emptied/1')).outputParameters).toEqual({ known: ['k', 'i'] });
    const json = { description: '', operationId: '', initCode: '', snapshotId: '' };
    expect((await server.request('PATCH', '/services/Emptied/1', { json })).status).toBe(200);
    expect(await metadata('Emptied/1')).toMatchObject({
      description: null,
      operationId: 'consume',
      initCode: null,
      snapshotId: null,
    });
    expect((await consume(server, 'Emptied/1')).outputParameters).toEqual({ known: [] });
  });

  it('has new code answer from then on', async () => {
    await publish(server, 'Swap/1', ADD);
    await server.request('PATCH', '/services/Swap/1', { json: { code: 'total = a * b' } });
    const { outputParameters } = await consume(server, 'Swap/1', { a: 3, b: 4 });
    expect(outputParameters).toEqual({ total: 12 });
  });

  it('lets calls that have begun end with the old code', async () => {
    await publish(server, 'Slow/1', {
      code: 'import time; time.sleep(0.5); x = 1',
      outputParameterDefinitions: [X],
    });
    const running = consume(server, 'Slow/1');
    await server.request('PATCH', '/services/Slow/1', { json: { code: 'x = 2' } });
    expect((await running).outputParameters).toEqual({ x: 1 });
    expect((await consume(server, 'Slow/1')).outputParameters).toEqual({ x: 2 });
  });

  it('leaves the service as it was when the new code cannot be loaded', async () => {
    await publish(server, 'Keep/1', ADD);
    const answer = await server.request('PATCH', '/services/Keep/1', { json: { code: 'total =' } });
    expect(answer.status).toBe(400);
    expect((await consume(server, 'Keep/1', { a: 1, b: 1 })).outputParameters.total).toBe(2);
    expect((await metadata('Keep/1')).code).toBe(ADD.code);
  });
});

describe("another user's service", () => {
  it('can be called, but neither patched nor deleted', async () => {
    await publish(server, 'Mine/1', ADD);
    const options = { token: stranger, json: { description: 'stolen' } };
    expect((await server.request('PATCH', '/services/Mine/1', options)).status).toBe(403);
    const deleted = await server.request('DELETE', '/services/Mine/1', { token: stranger });
    expect(deleted.status).toBe(403);
    expect(sentence(deleted)).toContain('admin');
    const called = await server.request('POST', '/api/Mine/1', {
      token: stranger,
      json: { a: 1, b: 2 },
    });
    expect(called.json()).toMatchObject({ outputParameters: { total: 3 } });
  });

  it('may have new versions by someone else', async () => {
    await publish(server, 'Shared/1', ADD);
    expect((await tryPublish(server, 'Shared/2', ADD, { token: stranger })).status).toBe(201);
    expect((await metadata('Shared/2')).versionPublishedBy).toBe('stranger');
  });

  it('is no longer changed by who has become a Reader, and still shows them its code', async () => {
    const { auth } = server.server.context;
    const password = 'former has a password';
    await auth.accounts.setPassword('former', password, 'Contributor');
    const before = await server.login('former', password);
    await publish(server, 'Former/1', ADD, { token: before });
    await auth.accounts.setPassword('former', password, 'Reader');
    const token = await server.login('former', password);
    const patched = await server.request('PATCH', '/services/Former/1', { token, json: {} });
    expect(patched.status).toBe(403);
    expect(await metadata('Former/1', token)).toMatchObject({
      code: ADD.code,
      myPermissionOnService: 'read only',
    });
  });

  it('can be deleted by an Owner', async () => {
    await server.server.context.auth.accounts.setPassword('boss', 'boss has a password', 'Owner');
    const token = await server.login('boss', 'boss has a password');
    await publish(server, 'Owned/1', ADD);
    expect((await server.request('DELETE', '/services/Owned/1', { token })).status).toBe(200);
  });
});

describe('DELETE', () => {
  it('ends the service and its workers, and answers without a body', async () => {
    await publish(server, 'Gone/1', {
      code: 'import os; pid = os.getpid()',
      outputParameterDefinitions: [{ name: 'pid', type: 'integer' }],
    });
    const { pid } = (await consume(server, 'Gone/1')).outputParameters as { pid: number };
    const answer = await server.request('DELETE', '/services/Gone/1');
    expect([answer.status, answer.text]).toEqual([200, '']);
    const called = await server.request('POST', '/api/Gone/1', { json: {} });
    expect(called.status).toBe(404);
    await expect.poll(() => existsSync(`/proc/${pid}/fd/0`)).toBe(false);
    expect((await server.request('DELETE', '/services/Gone/1')).status).toBe(404);
  });
});
