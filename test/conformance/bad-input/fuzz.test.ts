import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { decodeJwt, importPKCS8, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cliEnvironment,
  runCli,
  type ServerProcess,
  startServerProcess,
} from '../../support/cli.js';
import {
  type NonsenseRequest,
  nonsenseRequests,
  type Targets,
} from '../../support/nonsense-http.js';
import { type Operation, type OperationsDocument, operationsOf } from '../../support/operations.js';
import { type RawAnswer, rawRequest } from '../../support/raw-http.js';
import { Reference, type SwaggerDocument } from '../../support/reference.js';
import { expectPrivate, expectSentence } from '../../support/refusal.js';
import { type RequestOptions, send } from '../../support/server.js';

/** How many requests, and the seed that makes them; both can be set to look for more. */
const REQUESTS = Number(process.env.SLIPWAY_FUZZ_REQUESTS ?? 400);
const SEED = Number(process.env.SLIPWAY_FUZZ_SEED ?? 20_261_125);
const BATCH = 200;
/** Requests that are under way at the same time. */
const AT_ONCE = 4;
/** Sessions that a batch begins with: some of its requests end one. */
const SESSIONS = 3;
/** Megabytes by which the server may grow in the second half: what a garbage collector leaves. */
const MOST_GROWTH = 64;

/** Routes that no document shows. */
const HIDDEN: readonly Operation[] = [
  ['GET', '/swagger.json'],
  ['GET', '/health/live'],
  ['GET', '/health/ready'],
  ['GET', '/sessions/{id}/channels'],
  ['DELETE', '/login/refreshToken/{refreshToken}'],
  ['GET', '/{name}'],
].map(([method = '', path = '']) => ({
  operationId: '',
  method,
  path,
  parameters: [],
  consumes: [],
  needsToken: true,
  statuses: [],
}));

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

let dataDirectory: string;
let server: ServerProcess;
let tokens: Tokens;
let stranger: string;
let document: OperationsDocument;
let reference: Reference;

const request = (method: string, path: string, options?: RequestOptions) =>
  send(server.runtime.url, tokens?.access_token ?? null, method, path, options);

async function logIn(username: string, password: string): Promise<Tokens> {
  const json = { username, password };
  return (await request('POST', '/login', { json, token: null })).json<Tokens>();
}

beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'slipway-fuzz-'));
  const env = cliEnvironment(dataDirectory, { SLIPWAY_LOG_LEVEL: 'warn' });
  const password = 'stranger has a password';
  expect((await runCli(['user', 'password', 'stranger'], env, password)).exitCode).toBe(0);
  server = await startServerProcess(dataDirectory, env);
  tokens = await logIn(server.runtime.username, server.runtime.password);
  stranger = (await logIn('stranger', password)).access_token;
  const own = (await request('GET', '/swagger.json')).json<OperationsDocument & SwaggerDocument>();
  document = own;
  reference = new Reference(own);
});
afterAll(async () => {
  await server?.end('SIGINT');
  await rm(dataDirectory, { recursive: true, force: true });
});

/** Puts in place what the requests of a batch are about. */
async function prepare(): Promise<Targets> {
  const renewed = await request('POST', '/login/refreshToken', {
    json: { refreshToken: tokens.refresh_token },
    token: null,
  });
  tokens = renewed.json<Tokens>();
  await tidy();
  const sessions = await Promise.all(
    Array.from({ length: SESSIONS }, async () => {
      const json = { runtimeType: 'Python' };
      const created = await request('POST', '/sessions', { json });
      return created.json<{ sessionId: string }>().sessionId;
    }),
  );
  const [session] = sessions;
  const code = "x = 1\nopen('a.txt', 'w').write('a')";
  await request('POST', `/sessions/${session}/execute`, { json: { code } });
  const saved = await request('POST', `/sessions/${session}/snapshot`, { json: { name: 'fuzz' } });
  const { snapshotId } = saved.json<{ snapshotId: string }>();
  const json = {
    code: 'y = x * 2',
    runtimeType: 'Python',
    inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
    outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
  };
  expect((await request('POST', '/services/Fuzz/1', { json })).status).toBe(201);
  return {
    values: {
      id: [...sessions, snapshotId, 'fuzz'],
      snapshotId: [snapshotId],
      name: ['Fuzz', 'x'],
      version: ['1', '2'],
      objectName: ['x', 'y'],
      fileName: ['a.txt', 'b'],
      runtimeType: ['Python'],
      refreshToken: ['none'],
      username: ['nobody'],
    },
    authorizations: [
      `Bearer ${tokens.access_token}`,
      `Bearer ${stranger}`,
      `Bearer ${stranger.slice(0, -4)}AAAA`,
      `Bearer ${await expiredToken()}`,
      'Basic YWRtaW46eA==',
      'Bearer',
    ],
  };
}

/** A token that the server itself has signed, for a time that is over. */
async function expiredToken(): Promise<string> {
  const key = await readFile(join(dataDirectory, 'keys', 'rs512.pem'), 'utf8');
  return new SignJWT({ ...decodeJwt(tokens.access_token), exp: 1_700_000_000 })
    .setProtectedHeader({ alg: 'RS512', typ: 'JWT' })
    .sign(await importPKCS8(key, 'RS512'));
}

/** Removes what a batch left behind, so that the next finds the server as the first did. */
async function tidy(): Promise<void> {
  const list = async <T>(path: string) => (await request('GET', path)).json<T[]>();
  for (const { id } of await list<{ id: string }>('/sessions')) {
    await request('DELETE', `/sessions/${id}/force`);
  }
  for (const { id } of await list<{ id: string }>('/snapshots')) {
    await request('DELETE', `/snapshots/${id}`);
  }
  const path = (...parts: string[]) => parts.map(encodeURIComponent).join('/');
  for (const one of await list<{ name: string; version: string }>('/services')) {
    const answer = await request('DELETE', `/services/${path(one.name, one.version)}`);
    expect(answer.status, JSON.stringify(one)).toBe(200);
  }
}

/** Megabytes of memory that the server has. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${server.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** Checks that an answer is one that the document promises, and tells nothing of the inside. */
function check({ operation, path }: NonsenseRequest, { status, text, headers }: RawAnswer): void {
  const isJson = headers.get('content-type')?.startsWith('application/json') === true;
  const body: unknown = isJson && text !== '' ? JSON.parse(text) : undefined;
  // Another request of the fuzzer has interrupted the session, which is what it asked for.
  const isInterrupted = status === 503 && text.includes('"REQUEST_INTERRUPTED"');
  if (!isInterrupted) expect(status).toBeLessThan(500);
  if (status >= 400) {
    expect(isJson).toBe(true);
    expect(body).toMatchObject({
      message: expect.any(String),
      link: '',
      exceptionType: expect.stringMatching(/^[A-Z_]+$/),
    });
    expectSentence({ dataDirectory }, (body as { message: string }).message);
  }
  if (operation.operationId === '') return;
  // With an empty part a path is that of another route, or of none.
  if (!isEmptyIn(path)) {
    expect(operation.statuses).toContain(status);
    expect(reference.mismatches(operation.operationId, status, body)).toEqual([]);
  }
  const failure = (body as { errorMessage?: string } | undefined)?.errorMessage;
  if (failure !== undefined) expectPrivate({ dataDirectory }, failure);
}

/** Whether a part of a path is empty, or one that tells of folders. */
function isEmptyIn(path: string): boolean {
  const [parts = ''] = path.split('?', 1);
  return parts.split('/').slice(1).includes('');
}

/** A request as a person reads it in a failed test. */
function show({ method, path, headers, chunks }: NonsenseRequest): string {
  const { authorization, ...others } = headers ?? {};
  const body = [...(chunks ?? [])].map((chunk) => JSON.stringify(chunk).slice(0, 2000));
  return `${method} ${path} ${authorization?.slice(0, 12)}… ${JSON.stringify(others)} ${body.join('')}`;
}

async function sendAll(requests: readonly NonsenseRequest[], seen: Set<string>): Promise<void> {
  const queue = requests.values();
  const target = { url: server.runtime.url, token: tokens.access_token };
  const work = async () => {
    for (const one of queue) {
      try {
        const answer = await rawRequest(target, one);
        seen.add(`${one.operation.operationId} ${answer.status}`);
        check(one, answer);
      } catch (error) {
        throw new Error(`${show(one)}\n${server.output().slice(-4000)}`, { cause: error });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

describe('nonsense on every route', () => {
  it(`${REQUESTS} requests (seed ${SEED}) are answered as the document says, and the server goes on`, {
    timeout: 60_000 + REQUESTS * 200,
  }, async () => {
    const operations = [...operationsOf(document), ...HIDDEN];
    const seen = new Set<string>();
    let settled: number | undefined;
    for (let sent = 0; sent < REQUESTS; sent += BATCH) {
      const targets = await prepare();
      const requests = nonsenseRequests(document, operations, targets);
      const numRuns = Math.min(BATCH, REQUESTS - sent);
      await sendAll(fc.sample(requests, { numRuns, seed: SEED + sent }), seen);
      const consumed = await request('GET', '/status');
      expect(consumed.json(), `seed ${SEED + sent}`).toMatchObject({ statusCode: 'pass' });
      if (sent + BATCH >= REQUESTS / 2) settled ??= await memory();
    }
    expect(server.child.exitCode).toBeNull();
    expect((await memory()) - (settled as number)).toBeLessThan(MOST_GROWTH);
    // Requests that never came past the first refusal would show nothing.
    const succeeded = [...seen].filter((one) => / 20\d$/.test(one)).length;
    expect(succeeded, [...seen].sort().join('\n')).toBeGreaterThan(operations.length / 4);
  });
});
