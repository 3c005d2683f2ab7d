import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChannelClient } from '../integration/channel-client.js';
import { batchWith, startBatch } from '../support/batches.js';
import {
  type Operation,
  type OperationParameter,
  type OperationsDocument,
  operationsOf,
  type RequestSchema,
} from '../support/operations.js';
import { type Answer, type RequestOptions, send, startTestServer } from '../support/server.js';
import { publish } from '../support/services.js';

const server = await startTestServer({ embedded: false });
const SERVICE = 'Shared/1';

/** The own document of the server, and that of a service, which has the routes of batches. */
const documents = await (async () => {
  await publish(server, SERVICE, {
    code: 'open("out.txt", "w").write("for me alone")',
    runtimeType: 'Python',
    outputFileNames: ['out.txt'],
  });
  const paths = ['/swagger.json', `/api/${SERVICE}/swagger.json`];
  return await Promise.all(
    paths.map(async (path) => (await server.request('GET', path)).json<OperationsDocument>()),
  );
})();

interface Documented extends Operation {
  readonly definitions: OperationsDocument['definitions'];
}
const operations: readonly Documented[] = documents.flatMap((document) =>
  operationsOf(document).map((operation) => ({ ...operation, ...document })),
);

/** What one user has that is nobody else's: a parameter that names it makes a route private. */
const KINDS = ['session', 'snapshot', 'batch'] as const;
type Kind = (typeof KINDS)[number];
/** Ids of one thing of each kind. */
type Ids = Readonly<Record<Kind, string>>;

/** Parameters of paths that name what everybody may see, or what is within something private. */
const OTHER_PARAMETERS: Readonly<Record<string, string>> = {
  name: 'Shared',
  version: '1',
  index: '0',
  fileName: 'secret.txt',
  objectName: 'secret',
};

/** Which kind a parameter of a path or a property of a body names, if it names any. */
function kindOf(path: string, parameter: string): Kind | undefined {
  if (parameter === 'snapshotId') return 'snapshot';
  if (parameter === 'executionId') return 'batch';
  if (parameter !== 'id') return undefined;
  return path.startsWith('/sessions/') ? 'session' : 'snapshot';
}

const parametersOf = ({ path }: Operation) =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

const bodyOf = ({ parameters, definitions }: Documented): RequestSchema | undefined =>
  follow(parameters.find((one) => one.in === 'body')?.schema, definitions);

function follow(
  schema: RequestSchema | undefined,
  definitions: Documented['definitions'],
): RequestSchema | undefined {
  const { $ref } = schema ?? {};
  return $ref === undefined ? schema : definitions[$ref.replace(/.*\//, '')];
}

/** The kinds of which a route takes an id, in its path or in its body. */
function kindsOf(operation: Documented): Kind[] {
  const named = [...parametersOf(operation), ...Object.keys(bodyOf(operation)?.properties ?? {})];
  return KINDS.filter((kind) => named.some((name) => kindOf(operation.path, name) === kind));
}

/** One case of the table: whose id is asked for by which route. */
const CASES = operations.flatMap((operation) =>
  kindsOf(operation).map((kind) => ({ operation, kind, title: operation.operationId })),
);

interface User {
  readonly name: string;
  readonly token: string;
  readonly ids: Ids;
}

const UNKNOWN: Ids = { session: randomUUID(), snapshot: randomUUID(), batch: randomUUID() };
let victim: User;
/** A session of the victim's that has ended. */
let ended: string;
let others: Readonly<Record<'Contributor' | 'Owner', User>>;
let before: unknown;

const requestAs =
  (token: string) =>
  (method: string, path: string, options: RequestOptions = {}) =>
    send(server.url, token, method, path, options);

/** A user who has one of each. */
async function admit(name: string, role: 'Contributor' | 'Owner'): Promise<User> {
  const token = await server.addUser(name, role);
  const request = requestAs(token);
  const session = await newSession(token, `session of ${name}`);
  const code = 'secret = "for me alone"\nopen("secret.txt", "w").write(secret)\nprint(secret)';
  await request('POST', `/sessions/${session}/execute`, { json: { code } });
  const json = { name: `snapshot of ${name}` };
  const saved = await request('POST', `/sessions/${session}/snapshot`, { json });
  const batch = await startBatch(request, SERVICE, [{}]);
  await batchWith(request, batch);
  const own = { runtimeType: 'Python', code: 'x = 1' } as const;
  await publish({ ...server, request }, `Own/${name}`, own);
  return {
    ...{ name, token },
    ids: {
      session,
      snapshot: saved.json<{ snapshotId: string }>().snapshotId,
      batch: batch.replace(/.*\//, ''),
    },
  };
}

async function newSession(token: string, name: string): Promise<string> {
  const json = { runtimeType: 'Python', name };
  const created = await requestAs(token)('POST', '/sessions', { json });
  return created.json<{ sessionId: string }>().sessionId;
}

/** All that a user has, as the routes that only read it tell. */
async function stateOf({ token, ids: { session, snapshot, batch } }: User): Promise<unknown> {
  const paths = [
    ...['', '/files', '/files/secret.txt', '/workspace', '/workspace/secret', '/history'].map(
      (part) => (part === '' ? '/sessions' : `/sessions/${session}${part}`),
    ),
    ...[`/sessions/${session}/console-output`, '/snapshots', `/snapshots/${snapshot}`],
    ...['', '/0/files', '/0/files/out.txt'].map((p) => `/api/${SERVICE}/batch/${batch}${p}`),
    `/api/${SERVICE}/batch`,
  ];
  const answers = await Promise.all(paths.map((path) => requestAs(token)('GET', path)));
  const details = await requestAs(token)('GET', '/sessions/details');
  return {
    answers: answers.map(({ status, bytes }, index) => [paths[index], status, bytes.toString()]),
    leases: details
      .json<{ id: string; state: string; leaseSeconds?: number }[]>()
      .map(({ id, state, leaseSeconds }) => [id, state, leaseSeconds]),
  };
}

/** A value that a schema allows, with ids where it names some. */
function sample(
  schema: RequestSchema | undefined,
  { path, definitions }: Documented,
  ids: Ids,
): unknown {
  const sampleOf = (each: RequestSchema | undefined): unknown => {
    const found = follow(each, definitions);
    if (found?.enum !== undefined)
      return found.enum.find((one) => one === 'Python') ?? found.enum[0];
    if (found?.type === 'string') return 'Python';
    if (found?.type === 'integer' || found?.type === 'number') return 60;
    if (found?.type === 'boolean') return false;
    if (found?.type === 'array') return [];
    const properties = Object.entries(found?.properties ?? {}).filter(
      ([name]) =>
        kindOf(path, name) !== undefined ||
        found?.required?.includes(name) ||
        // Not marked as required in R Server's documents, but it is.
        ['code', 'runtimeType'].includes(name),
    );
    return Object.fromEntries(
      properties.map(([name, property]) => {
        const kind = kindOf(path, name);
        return [name, kind === undefined ? sampleOf(property) : ids[kind]];
      }),
    );
  };
  return sampleOf(schema);
}

/** Sends a request that lacks nothing but what its ids name. */
function ask(operation: Documented, ids: Ids, { name: user, token }: User): Promise<Answer> {
  const path = operation.path.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const kind = kindOf(operation.path, name);
    return kind === undefined ? (OTHER_PARAMETERS[name] ?? '') : ids[kind];
  });
  const inService = path.startsWith('/api/') ? path.replace('secret.txt', 'out.txt') : path;
  // Who may not change a service is told so before its snapshot is looked for, as is who publishes
  // a version that there is.
  const version = operation.method === 'POST' ? `${user}-2` : user;
  const own = inService.replace(/^\/services\/Shared\/1/, `/services/Own/${version}`);
  return requestAs(token)(operation.method, own, bodyFor(operation, ids));
}

function bodyFor(operation: Documented, ids: Ids): RequestOptions {
  const has = (place: OperationParameter['in']) =>
    operation.parameters.some((parameter) => parameter.in === place);
  if (operation.consumes.includes('application/octet-stream')) {
    const headers = { 'content-type': 'application/octet-stream' };
    return { body: new Uint8Array(Buffer.from('80044e2e', 'hex')), headers };
  }
  if (has('formData')) {
    const body = new FormData();
    body.append('file', new Blob(['planted']), 'secret.txt');
    return { body };
  }
  return has('body') ? { json: sample(bodyOf(operation), operation, ids) } : {};
}

/** All of an answer but what is another each time, without the id that was asked for. */
function shown({ status, headers, text }: Answer, asked: string): unknown {
  const changing = ['date', 'x-request-id'];
  return {
    status,
    headers: [...headers].filter(([name]) => !changing.includes(name)),
    text: text.replaceAll(asked, 'ID'),
  };
}

beforeAll(async () => {
  victim = await admit('victim', 'Contributor');
  ended = await newSession(victim.token, 'ended session of victim');
  await requestAs(victim.token)('DELETE', `/sessions/${ended}/force`);
  others = {
    Contributor: await admit('mallory', 'Contributor'),
    Owner: await admit('oscar', 'Owner'),
  };
  before = await stateOf(victim);
}, 60_000);
afterAll(() => server.close());

describe.each(['Contributor', 'Owner'] as const)("what is another user's, for a %s", (role) => {
  it.each(CASES)('is a $kind that does not exist to $title', async ({ operation, kind }) => {
    const user = others[role];
    const { ids } = user;
    const unknown = UNKNOWN[kind];
    const expected = shown(await ask(operation, { ...ids, [kind]: unknown }, user), unknown);
    expect(expected, JSON.stringify(expected)).toMatchObject({ status: 404 });
    const wanted = kind === 'session' ? [victim.ids.session, ended] : [victim.ids[kind]];
    for (const id of wanted) {
      const answer = await ask(operation, { ...ids, [kind]: id }, user);
      expect(shown(answer, id), answer.text).toEqual(expected);
    }
  });

  it('is no channel, either', async () => {
    const closing = async (id: string) => {
      const { closed } = await ChannelClient.connect(server, id, others[role].token);
      const { code, reason } = await closed;
      return { code, reason: reason.replaceAll(id, 'ID') };
    };
    const expected = await closing(UNKNOWN.session);
    expect(expected.code).toBeGreaterThanOrEqual(4000);
    expect(await closing(victim.ids.session)).toEqual(expected);
    expect(await closing(ended)).toEqual(expected);
  });

  it('is in no list', async () => {
    const lists = operations.filter(
      ({ method, path, ...rest }) =>
        method === 'GET' && kindsOf({ method, path, ...rest }).length === 0,
    );
    expect(lists.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['/sessions', '/sessions/details', '/snapshots']),
    );
    for (const operation of lists) {
      const { text } = await ask(operation, UNKNOWN, others[role]);
      for (const id of [...Object.values(victim.ids), ended, 'of victim']) {
        expect(text, operation.path).not.toContain(id);
      }
    }
  });

  it('is as it was after all of that', async () => {
    expect(await stateOf(victim)).toEqual(before);
  });
});

describe('the table of private routes', () => {
  it('knows each parameter of a path, and has each route that takes an id', () => {
    const unknown = operations.flatMap((operation) =>
      parametersOf(operation).filter(
        (name) => kindOf(operation.path, name) === undefined && !(name in OTHER_PARAMETERS),
      ),
    );
    expect(unknown).toEqual([]);
    expect(CASES.length).toBeGreaterThan(25);
  });

  it("would find what the victim's own requests find", async () => {
    const readable = CASES.filter(({ operation: { method } }) => method === 'GET');
    expect(new Set(readable.map(({ kind }) => kind))).toEqual(new Set(KINDS));
    for (const { operation } of readable) {
      const { status } = await ask(operation, victim.ids, victim);
      expect(status, operation.path).toBe(200);
    }
  });
});
