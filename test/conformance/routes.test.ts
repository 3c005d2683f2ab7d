import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasReference, Reference, type SwaggerDocument } from '../support/reference.js';
import { projectRoot, startTestServer } from '../support/server.js';
import { TABLE, toMarkdown } from './routes/table.js';
import { openWorld, type World } from './routes/world.js';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** Documents by which answers are checked: the vendor's, and that of a service. */
let references: readonly Reference[] = [];
beforeAll(async () => {
  const document = (
    await world.request('GET', '/api/Table/1/swagger.json')
  ).json<SwaggerDocument>();
  references = [
    ...(hasReference ? [new Reference('9.1'), new Reference('9.3')] : []),
    new Reference(document),
  ];
});

/** The first document that has an operation. */
function documentOf(operationId: string): Reference | undefined {
  return references.find(({ operations }) =>
    operations.some((operation) => operation.operationId === operationId),
  );
}

describe.each(TABLE)('$method $path', ({ operationId, exercises }) => {
  it.each(exercises)('answers $status: $when', async ({ status, keys, contradictions, send }) => {
    const answer = await send(world);
    expect(answer.status, answer.text.slice(0, 500)).toBe(status);
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
    const body: unknown = isJson ? answer.json() : undefined;
    const document = documentOf(operationId);
    if (hasReference) expect(document, operationId).toBeDefined();
    const mismatches = document?.mismatches(operationId, status, body);
    expect(mismatches ?? contradictions ?? []).toEqual(contradictions ?? []);
    if (keys !== undefined) {
      const [first] = [body].flat();
      expect(Object.keys(first as object)).toEqual(keys);
    }
    if (status >= 400) {
      expect(body).toMatchObject({ message: expect.stringMatching(/\.$/), link: '' });
      expect(body).toMatchObject({ exceptionType: expect.stringMatching(/^[A-Z_]+$/) });
    }
  });
});

describe('every route, in capitals and with a slash at its end', () => {
  const words = new Set(TABLE.flatMap(({ path }) => path.split('/')));
  /** The same path, as paths may be written too. Names in it stay as they are. */
  const rewritten = (path: string) =>
    path.replace(/^[^?]*/, (way) => {
      const parts = way.replace(/\/$/, '').split('/');
      return `${parts.map((part) => (words.has(part) ? part.toUpperCase() : part)).join('/')}/`;
    });

  it.each(TABLE)('is $method $path', async ({ exercises: [first] }) => {
    const request: World['request'] = (method, path, options) =>
      world.request(method, rewritten(path), options);
    const answer = await first?.send({ ...world, request });
    expect(answer?.status, answer?.text.slice(0, 500)).toBe(first?.status);
  });
});

describe('the table of routes and statuses', () => {
  it.runIf(hasReference).each(['9.1', '9.3'] as const)(
    'has a request, or a reason, for each status that the document of %s gives a route',
    (version) => {
      const documented = new Reference(version).operations.flatMap(
        ({ operationId, statuses, failures }) =>
          [...statuses.map(Number), ...failures].map((status) => `${operationId} ${status}`),
      );
      const exercised = TABLE.flatMap(({ operationId, exercises, never }) =>
        [...exercises.map(({ status }) => status), ...Object.keys(never)].map(
          (status) => `${operationId} ${status}`,
        ),
      );
      expect(documented.filter((pair) => !exercised.includes(pair))).toEqual([]);
      expect(documented.length).toBeGreaterThan(100);
    },
  );

  it.runIf(hasReference)('has methods and paths as R Server', () => {
    const published = new Reference('9.3').operations.map(
      ({ operationId, method, path }) => `${operationId} ${method} ${path}`,
    );
    const own = TABLE.map(({ operationId, method, path }) => `${operationId} ${method} ${path}`);
    expect(own).toEqual(expect.arrayContaining(published));
  });

  it('has no request for a status that it says is never answered', () => {
    for (const { exercises, never, operationId } of TABLE) {
      for (const { status } of exercises) {
        expect(Object.keys(never), operationId).not.toContain(String(status));
      }
    }
  });

  it('stands in docs/api.md', async () => {
    const path = join(projectRoot, 'docs/api.md');
    const page = await readFile(path, 'utf8');
    const table = /^\| route \| statuses \|\n(?:\|.*\n)+/m;
    if (process.env.SLIPWAY_WRITE_DOCS) {
      await writeFile(
        path,
        page.replace(table, () => toMarkdown(TABLE)),
      );
    } else {
      expect(table.exec(page)?.[0], 'SLIPWAY_WRITE_DOCS=1 renews it').toBe(toMarkdown(TABLE));
    }
  });
});

describe('beyond the table', () => {
  it('the status names the parts that R Server names', async () => {
    expect((await world.request('GET', '/status')).json()).toMatchObject({
      statusCode: 'pass',
      components: {
        backends: { statusCode: 'pass' },
        authentication: { statusCode: 'pass' },
        database: { details: { type: 'sqlite', name: 'main', state: 'Open' } },
      },
    });
  });

  it('a server whose database does not answer says so in a 200', async () => {
    const server = await startTestServer();
    try {
      const { token } = server;
      // The token is known by now, so that the database is not needed to check it.
      await server.request('GET', '/status', { token });
      await server.server.context.store.close();
      const answer = await server.request('GET', '/status', { token });
      expect(answer.status).toBe(200);
      expect(answer.json()).toMatchObject({
        statusCode: 'fail',
        components: { database: { statusCode: 'fail', details: { state: 'Broken' } } },
      });
    } finally {
      await server.close();
    }
  });

  it('POST /sessions answers 503 when there are as many sessions as there may be', async () => {
    const server = await startTestServer({ maxSessions: 1 });
    try {
      const json = { runtimeType: 'Python' };
      expect((await server.request('POST', '/sessions', { json })).status).toBe(201);
      const answer = await server.request('POST', '/sessions', { json });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    } finally {
      await server.close();
    }
  });
});
