/**
 * Every route of the server's own document, and of a service's, with every kind of bad input that
 * it can get: a route that is new gets them all, and needs a rule where it answers differently.
 */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startBatch } from '../../support/batches.js';
import { type Operation, type OperationsDocument, operationsOf } from '../../support/operations.js';
import { rawRequest } from '../../support/raw-http.js';
import { expectRefusal } from '../../support/refusal.js';
import { startTestServer } from '../../support/server.js';
import { publish } from '../../support/services.js';
import { expiredToken, signToken } from '../../support/signed-token.js';
import {
  answerToBody,
  answerToKeyTwice,
  bodyWithKeyTwice,
  MAX_BODY,
  ODD_BODIES,
  type OddBody,
} from './every-route/bodies.js';
import {
  answerToPath,
  bodyFor,
  ODD_PARTS,
  type OddPart,
  parametersOf,
} from './every-route/paths.js';
import type { Expected, Sent } from './every-route/rule.js';
import { answerToUpload, ODD_UPLOADS, type OddUpload } from './every-route/uploads.js';

const server = await startTestServer({ embedded: false, maxBodyBytes: MAX_BODY });
afterAll(() => server.close());
afterEach(async () => {
  expect((await server.request('GET', '/status')).status).toBe(200);
});

await publish(server, 'Table/1', {
  code: 'y = 2 * x',
  runtimeType: 'Python',
  inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
  outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
});
const created = await server.request('POST', '/sessions', { json: { runtimeType: 'Python' } });
const { sessionId } = created.json<{ sessionId: string }>();
const saved = await server.request('POST', `/sessions/${sessionId}/snapshot`, { json: {} });
const { snapshotId } = saved.json<{ snapshotId: string }>();
const tokensOf = {
  expired: await expiredToken(server),
  ended: await signToken(server, { sid: 'none' }),
};
const batch = await startBatch(server.request, 'Table/1', [{ x: 1 }]);

/** Good values of the parameters of paths. */
const VALUES: Readonly<Record<string, string>> = {
  ...{ name: 'Table', version: '1', index: '0', fileName: 'f.txt', objectName: 'o', snapshotId },
  executionId: batch.replace(/.*\//, ''),
};

const documents = await Promise.all(
  ['/swagger.json', '/api/Table/1/swagger.json'].map(async (path) =>
    (await server.request('GET', path)).json<OperationsDocument>(),
  ),
);
const operations = documents.flatMap(operationsOf);
const definitions = Object.assign(
  {},
  ...documents.map((one) => one.definitions),
) as OperationsDocument['definitions'];

/** The path of an operation, all of it good but for what is given. */
function pathOf({ path }: Operation, odd: Readonly<Record<string, string>> = {}): string {
  const id = path.startsWith('/sessions') ? sessionId : snapshotId;
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = odd[name] ?? { ...VALUES, id }[name];
    if (value === undefined) throw new RangeError(`There is no value for {${name}}.`);
    return value;
  });
}

function send(operation: Operation, path: string, { headers, body }: Sent) {
  const bytes = body === undefined ? [] : [Buffer.from(body)];
  const length = { 'content-length': String(bytes[0]?.byteLength ?? 0) };
  const { method } = operation;
  return rawRequest(server, { method, path, headers: { ...length, ...headers }, chunks: bytes });
}

type Answer = Awaited<ReturnType<typeof send>>;

function expectAnswer(answer: Answer, [status, exceptionType]: Expected): void {
  if (exceptionType !== undefined) {
    expectRefusal(server, answer, { status, exceptionType, words: /\w{3}/ });
  } else {
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status });
  }
}

const rows = (some: readonly Operation[]) =>
  some.map((operation) => ({ operation, title: `${operation.method} ${operation.path}` }));

const keysOf = <Key extends string>(odd: Readonly<Record<Key, unknown>>) =>
  Object.keys(odd) as Key[];

describe('without a good token', () => {
  const [head = '', claims = '', signature = ''] = server.token.split('.');
  const forged = signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
  const tokens = {
    'no token': ['', 'MISSING_TOKEN'],
    'a word': ['Bearer x', 'INVALID_TOKEN'],
    'a name and a password': ['Basic YWRtaW46YWRtaW4=', 'MISSING_TOKEN'],
    'a token without its signature': [`Bearer ${head}.${claims}.`, 'INVALID_TOKEN'],
    'a token that has expired': [`Bearer ${tokensOf.expired}`, 'TOKEN_EXPIRED'],
    'a token of a login that has ended': [`Bearer ${tokensOf.ended}`, 'TOKEN_REVOKED'],
    'a forged signature': [`Bearer ${head}.${claims}.${forged}`, 'INVALID_TOKEN'],
  } as const;
  const closed = rows(operations.filter(({ needsToken }) => needsToken));

  describe.each(closed)('$title', ({ operation }) => {
    it.each(keysOf(tokens))('refuses %s', async (token) => {
      const [authorization, exceptionType] = tokens[token];
      const answer = await send(operation, pathOf(operation), { headers: { authorization } });
      expectAnswer(answer, [401, exceptionType]);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    });
  });

  it('only what tells how to log in is open', () => {
    const open = operations.filter(({ needsToken }) => !needsToken);
    expect([...new Set(open.map(({ path }) => path))]).toEqual(['/login', '/login/refreshToken']);
  });
});

const withPath = operations.flatMap((operation) =>
  parametersOf(operation).map((parameter) => ({
    ...{ operation, parameter },
    title: `${operation.method} ${operation.path}`,
  })),
);

describe.each(withPath)('$parameter of $title', ({ operation, parameter }) => {
  it.each(keysOf(ODD_PARTS))('that is %s', async (odd: OddPart) => {
    const path = pathOf(operation, { [parameter]: ODD_PARTS[odd] });
    const answer = await send(operation, path, bodyFor(operation));
    expectAnswer(answer, answerToPath(operation, parameter, odd));
    // What was published must not be there for the next.
    if (answer.status === 201) {
      const version = JSON.parse(answer.text) as string;
      const made = operation.path.includes('{version}') ? path : `${path}/${version}`;
      expect((await server.request('DELETE', made)).status).toBe(200);
    }
  });
});

const withBody = operations.filter(({ parameters }) => parameters.some((one) => one.in === 'body'));

describe.each(rows(withBody))('$title', ({ operation }) => {
  it.each(keysOf(ODD_BODIES))('refuses %s', async (odd: OddBody) => {
    const answer = await send(operation, pathOf(operation), ODD_BODIES[odd]);
    expectAnswer(answer, answerToBody(operation, odd));
  });
});

const withJson = withBody.filter(({ consumes }) => !consumes.includes('application/octet-stream'));

describe.each(rows(withJson))('$title', ({ operation }) => {
  it('takes the last of a key that comes twice', async () => {
    const { key, ...sent } = bodyWithKeyTwice(operation, definitions);
    const answer = await send(operation, pathOf(operation), sent);
    expectAnswer(answer, answerToKeyTwice(operation));
    expect(JSON.parse(answer.text)).toMatchObject({ message: expect.stringContaining(key) });
  });
});

const withForm = operations.filter(({ consumes }) => consumes.includes('multipart/form-data'));

describe.each(rows(withForm))('$title', ({ operation }) => {
  it.each(keysOf(ODD_UPLOADS))('refuses %s', async (odd: OddUpload) => {
    const answer = await send(operation, pathOf(operation), ODD_UPLOADS[odd]);
    expectAnswer(answer, answerToUpload(operation, odd));
  });
});

it('has routes with tokens, parts, bodies and forms', () => {
  const counts = [operations, withPath, withJson, withForm].map(({ length }) => length);
  for (const [index, least] of [55, 75, 16, 4].entries()) {
    expect(counts[index]).toBeGreaterThanOrEqual(least);
  }
});
