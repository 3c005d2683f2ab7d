import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ExecuteResponse } from '../../../src/api/index.js';
import {
  expectPrivate,
  expectRefusal,
  expectSentence,
  type Refusal,
} from '../../support/refusal.js';
import { startTestServer, type TestServer } from '../../support/server.js';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

let server: TestServer;
let stranger: string;
let session: string;

async function create(json: object = { runtimeType: 'Python' }): Promise<string> {
  const answer = await server.request('POST', '/sessions', { json });
  return `/sessions/${answer.json<{ sessionId: string }>().sessionId}`;
}

async function execute(code: string, more: object = {}): Promise<ExecuteResponse> {
  const answer = await server.request('POST', `${session}/execute`, { json: { code, ...more } });
  expect(answer.status).toBe(200);
  return answer.json<ExecuteResponse>();
}

beforeAll(async () => {
  server = await startTestServer({ maxUploadBytes: 1_000_000 });
  stranger = await server.addUser('stranger');
  session = await create();
  await execute('kept = 42');
});
afterAll(() => server.close());
afterEach(async () => {
  const { outputParameters } = await execute('', { outputParameters: ['kept'] });
  expect(outputParameters).toEqual([{ name: 'kept', value: 42 }]);
});

it('answers the next execute though code closed sys.stdout and took sys.stderr away', async () => {
  await execute('import sys\nsys.stdout.close()\nsys.stdout = sys.stderr = None');
  expect((await execute('print("heard")')).consoleOutput).toBe('heard\n');
});

/** Each route of a session, with what it is sent. */
const SESSION_ROUTES: [string, string, object?][] = [
  ['POST', '/execute', { code: '1' }],
  ['POST', '/cancel'],
  ['GET', '/console-output'],
  ['GET', '/history'],
  ['GET', '/files'],
  ['POST', '/files'],
  ['GET', '/files/a'],
  ['DELETE', '/files/a'],
  ['GET', '/workspace'],
  ['GET', '/workspace/kept'],
  ['POST', '/workspace/kept'],
  ['DELETE', '/workspace/kept'],
  ['POST', '/snapshot', {}],
  ['POST', `/loadsnapshot/${UNKNOWN}`],
  ['DELETE', ''],
  ['DELETE', '/force'],
];

describe('a session', () => {
  const NOT_FOUND: Refusal = {
    status: 404,
    exceptionType: 'SESSION_NOT_FOUND',
    words: 'POST /sessions creates one.',
  };

  it.each(SESSION_ROUTES)('of another user is not there: %s %s', async (method, path, json) => {
    const options = { token: stranger, ...(json && { json }) };
    expectRefusal(server, await server.request(method, `${session}${path}`, options), NOT_FOUND);
  });

  it.each([UNKNOWN, 'nonsense', '%00', 'x'.repeat(1000), 'caf%C3%A9'])(
    'with the id %s is not there',
    async (id) => {
      expectRefusal(server, await server.request('GET', `/sessions/${id}/history`), NOT_FOUND);
    },
  );

  it('that has ended is gone on every route, and the sentence says how it ended', async () => {
    const path = await create();
    const json = { code: 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)' };
    const { success, errorMessage } = (
      await server.request('POST', `${path}/execute`, { json })
    ).json<ExecuteResponse>();
    expect(success).toBe(false);
    expectSentence(server, errorMessage);
    for (const [method, route, body] of SESSION_ROUTES) {
      const options = body === undefined ? {} : { json: body };
      expectRefusal(server, await server.request(method, `${path}${route}`, options), {
        status: 410,
        exceptionType: 'SESSION_GONE',
        words: 'SIGKILL',
      });
    }
    expectRefusal(server, await server.request('GET', `${path}/files`, { token: stranger }), {
      ...NOT_FOUND,
    });
  });

  it('that is closed while it is asked for something is gone', async () => {
    const file = new FormData();
    file.append('file', new Blob(['a']), 'a.txt');
    for (const [method, route, options] of [
      ['POST', '/snapshot', { json: {} }],
      ['POST', '/files', { body: file }],
      ['GET', '/files', {}],
      ['PUT', '/lease', { json: { seconds: 60 } }],
    ] as const) {
      const path = await create();
      const [, ...answers] = await Promise.all([
        server.request('DELETE', `${path}/force`),
        ...Array.from({ length: 8 }, () => server.request(method, `${path}${route}`, options)),
      ]);
      for (const { status, text } of answers) {
        if (status < 400) continue;
        expect({ route, text }).toEqual({
          route,
          text: expect.stringMatching(/SESSION_GONE|SESSION_NOT_FOUND|BAD_FILE_NAME/),
        });
      }
    }
  });

  it('whose code never ends is cancelled and goes on', async () => {
    const running = execute('while True: pass');
    await expect
      .poll(async () => (await server.request('POST', `${session}/cancel`)).text)
      .toContain('interrupted');
    expect(await running).toMatchObject({ success: false, errorMessage: 'KeyboardInterrupt' });
  });

  it('cannot be started on a Python that is not there: the sentence names no path', async () => {
    const broken = await startTestServer({ python: '/nowhere/bin/python' });
    try {
      const json = { runtimeType: 'Python' };
      const answer = await broken.request('POST', '/sessions', { json });
      const refusal = { status: 503, exceptionType: 'SESSION_START', words: 'SLIPWAY_PYTHON' };
      expectRefusal(broken, answer, refusal);
      expect(answer.text).not.toContain('/nowhere');
    } finally {
      await broken.close();
    }
  });
});

describe('an execution', () => {
  const failures: [string, string, string][] = [
    ['code that raises', 'raise ValueError("bad row 3")', 'ValueError: bad row 3'],
    ['code that cannot be parsed', 'def', 'SyntaxError'],
    ['code that exits', 'raise SystemExit(3)', 'SystemExit: 3'],
    ['code that recurses', 'f = lambda: f()\nf()', 'RecursionError'],
    ['code with a NUL', 'a = 1\0', 'null bytes'],
    ['an error whose text raises', 'class E(Exception):\n  def __str__(self): 1/0\nraise E()', 'E'],
    ['an error with half a character', 'raise ValueError("\\ud800")', 'Error'],
  ];

  it.each(failures)('is told in words: %s', async (_what, code, words) => {
    const { success, errorMessage, outputParameters } = await execute(code);
    expect(success).toBe(false);
    expect(errorMessage).toContain(words);
    expectPrivate(server, errorMessage);
    expect(outputParameters).toEqual([]);
  });

  const outputs: [string, string, RegExp][] = [
    ['a function', 'def out(): pass', /out.*function/],
    ['a module', 'import os as out', /out.*module/],
    ['bytes', 'out = b"x"', /out.*bytes/],
    ['an object in a list', 'out = [1, {"a": object()}]', /out\[1\].*a.*object/],
    ['a list that holds itself', 'out = []\nout.append(out)', /out/],
    ['a set of sets', 'out = {frozenset({1j})}', /out.*complex/],
    ['a dict with a key that is no text', 'out = {(1, 2): 3}', /out.*tuple/],
    ['lists 100 000 deep', 'out = []\nfor _ in range(100_000): out = [out]', /out/],
    ['half a character', 'out = "\\ud800"', /out/],
    ['a value that was not set', 'pass', /out/],
  ];

  it.each(outputs)('names an output that JSON cannot carry: %s', async (_what, code, words) => {
    await execute('globals().pop("out", None)');
    const { success, errorMessage, outputParameters } = await execute(code, {
      outputParameters: ['kept', 'out'],
    });
    expect(errorMessage).toMatch(words);
    expectPrivate(server, errorMessage);
    expect({ success, outputParameters }).toEqual({ success: false, outputParameters: [] });
  });

  it.each([
    ['half a character', 'print("\\ud800", "\\udcff")'],
    ['a name that is no UTF-8', 'open(b"\\xff.txt", "w").close()'],
    ['names that are no text', 'globals().update({"\\ud800": 1, "\\udcff": 2, 3: 4})'],
  ])('is answered when the session has %s', async (_what, code) => {
    expect(await execute(code)).toMatchObject({ success: true });
    for (const path of ['console-output', 'history', 'files', 'workspace']) {
      expect((await server.request('GET', `${session}/${path}`)).status).toBe(200);
    }
    expect((await server.request('POST', `${session}/snapshot`, { json: {} })).status).toBe(201);
  });

  const requests: [string, object, Refusal][] = [
    [
      'no code',
      {},
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'body.code is missing' },
    ],
    [
      'code that is a list',
      { code: ['1'] },
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'body.code is not valid' },
    ],
    [
      'inputs by name instead of in a list',
      { code: '', inputParameters: { x: 1 } },
      { status: 400, exceptionType: 'INVALID_REQUEST', words: 'an array or null' },
    ],
    [
      'an input without a name',
      { code: '', inputParameters: [{ value: 1 }] },
      {
        status: 400,
        exceptionType: 'INVALID_REQUEST',
        words: 'inputParameters[0].name is missing',
      },
    ],
    ...['', '1x', 'a b', 'a.b', 'class', 'x\0', 'import os; x', 'é€'].map(
      (name): [string, object, Refusal] => [
        `the input ${JSON.stringify(name)}`,
        { code: '', inputParameters: [{ name, value: 1 }] },
        { status: 400, exceptionType: 'INVALID_OBJECT_NAME', words: 'Use letters, digits' },
      ],
    ),
    [
      'an output that is an expression',
      { code: '', outputParameters: ['kept + 1'] },
      { status: 400, exceptionType: 'INVALID_OBJECT_NAME', words: 'kept + 1' },
    ],
  ];

  it.each(requests)('is refused with %s', async (_what, json, refusal) => {
    expectRefusal(server, await server.request('POST', `${session}/execute`, { json }), refusal);
  });
});
