import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
} from 'vitest';
import type { ExecuteResponse } from '../../src/api/index.js';
import { type Answer, startTestServer, type TestServer } from '../support/server.js';

const UNKNOWN = '00000000-0000-4000-8000-000000000000';

let server: TestServer;
let session: string;

async function create(json: object = { runtimeType: 'Python' }): Promise<string> {
  const answer = await server.request('POST', '/sessions', { json });
  expect(answer.status).toBe(201);
  return `/sessions/${answer.json<{ sessionId: string }>().sessionId}`;
}

async function execute(code: string, more: object = {}): Promise<ExecuteResponse> {
  const answer = await server.request('POST', `${session}/execute`, { json: { code, ...more } });
  expect(answer.status).toBe(200);
  return answer.json<ExecuteResponse>();
}

function sentence(answer: Answer): string {
  return answer.json<{ message: string }>().message;
}

beforeAll(async () => {
  server = await startTestServer({ warmSessions: 1, maxSessions: 6, maxUploadBytes: 100_000 });
});
afterAll(() => server.close());
beforeEach(async () => {
  session = await create();
});
afterEach(async () => {
  await server.request('DELETE', `${session}/force`);
});

describe('creating and listing sessions', () => {
  it('gives a name of 15 letters to a session without one', async () => {
    const answer = await server.request('GET', '/sessions');
    expect(answer.json()).toEqual([
      {
        id: session.slice('/sessions/'.length),
        name: expect.stringMatching(/^[A-Za-z]{15}$/),
        owner: 'admin',
        runtimeType: 'Python',
      },
    ]);
  });

  it('keeps the name that it was given', async () => {
    const named = await create({ name: 'Session 1', runtimeType: 'Python', snapshotId: null });
    const list = (await server.request('GET', '/sessions')).json<{ name: string }[]>();
    expect(list.at(-1)?.name).toBe('Session 1');
    await server.request('DELETE', named);
  });

  it.each([{}, { runtimeType: 'R' }, { runtimeType: null }])(
    'refuses %j with 400, because there is no R, and says what to send',
    async (json) => {
      const answer = await server.request('POST', '/sessions', { json });
      expect(answer.status).toBe(400);
      expect(sentence(answer)).toContain('"runtimeType": "Python"');
    },
  );

  it('refuses an unknown runtime with 400 and lists the known ones', async () => {
    const answer = await server.request('POST', '/sessions', { json: { runtimeType: 'Julia' } });
    expect(answer.status).toBe(400);
    expect(sentence(answer)).toMatch(/"R".*"Python"/);
  });

  it('refuses an unknown snapshot with 404 before it starts anything', async () => {
    const answer = await server.request('POST', '/sessions', {
      json: { runtimeType: 'Python', snapshotId: UNKNOWN },
    });
    expect(answer.status).toBe(404);
    expect((await server.request('GET', '/sessions')).json<unknown[]>()).toHaveLength(1);
  });

  it('answers 503 with a sentence when no more sessions may run', async () => {
    const more = await Promise.all(Array.from({ length: 5 }, () => create()));
    const answer = await server.request('POST', '/sessions', { json: { runtimeType: 'Python' } });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(sentence(answer)).toContain('6 sessions');
    await Promise.all(more.map((path) => server.request('DELETE', `${path}/force`)));
  });

  it('shows a session to its owner alone', async () => {
    const token = await server.addUser('other');
    expect((await server.request('GET', '/sessions', { token })).json()).toEqual([]);
    for (const [method, path] of [
      ['POST', `${session}/execute`],
      ['GET', `${session}/workspace`],
      ['DELETE', session],
    ] as const) {
      const json = method === 'POST' ? { code: '1' } : undefined;
      const answer = await server.request(method, path, { token, json });
      expect(answer.status).toBe(404);
    }
    expect((await execute('1')).success).toBe(true);
  });

  it('leaves no session to a caller who has gone before it was there', async () => {
    const asking = httpRequest(`${server.url}/sessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.token}` },
    });
    const gone = new Promise((resolve) => asking.on('close', resolve));
    asking.on('error', (error) => expect(error.message).toBe('socket hang up'));
    asking.end(JSON.stringify({ name: 'nobody’s', runtimeType: 'Python' }), () => asking.destroy());
    await gone;
    // Started after it, so that it has been there when this one is.
    const second = await create();
    await expect
      .poll(async () => (await server.request('GET', '/sessions')).text)
      .not.toContain('nobody’s');
    await server.request('DELETE', `${second}/force`);
  });

  it('is found whatever the case of the path and its id', async () => {
    const path = session.replace('/sessions/', '/Sessions/').toUpperCase();
    const answer = await server.request('GET', `${path}/Workspace/`);
    expect(answer.status).toBe(200);
  });
});

describe('executing code', () => {
  it('keeps values as they are both ways: the order of columns, long integers, 1.0', async () => {
    const value = '{"10":[1.0],"9":[12345678901234567890],"a":[-0.0]}';
    const answer = await server.request('POST', `${session}/execute`, {
      headers: { 'content-type': 'application/json' },
      body: `{"code":"y = {**x, 'b': 2**64}","inputParameters":[{"name":"x","value":${value}}],"outputParameters":["y"]}`,
    });
    expect(answer.text).toContain(
      `[{"name":"y","value":${value.slice(0, -1)},"b":18446744073709551616}}]`,
    );
  });

  it('answers with the five keys in the order of the wire', async () => {
    const answer = await server.request('POST', `${session}/execute`, {
      json: {
        code: 'print("hi"); z = x + 1',
        inputParameters: [{ name: 'x', value: 4 }],
        outputParameters: ['z'],
      },
    });
    expect(answer.text).toBe(
      '{"success":true,"errorMessage":"","outputParameters":[{"name":"z","value":5}],"consoleOutput":"hi\\n","changedFiles":[]}',
    );
  });

  it('keeps what was defined from call to call', async () => {
    await execute('a = [1, 2]');
    const { outputParameters } = await execute('a.append(3)', { outputParameters: ['a'] });
    expect(outputParameters).toEqual([{ name: 'a', value: [1, 2, 3] }]);
  });

  it('carries any JSON in and out', async () => {
    const value = { text: 'π ✓', list: [1, 2.5, null, true], nested: { a: {} } };
    const { outputParameters } = await execute('y = x', {
      inputParameters: [{ name: 'x', value }],
      outputParameters: ['y'],
    });
    expect(outputParameters).toEqual([{ name: 'y', value }]);
  });

  it('shows the result of the last line as a console does', async () => {
    expect((await execute('1 + 1')).consoleOutput).toBe('2\n');
  });

  it('answers code that raises with success false and the error in words', async () => {
    expect(await execute('print("before")\np')).toEqual({
      success: false,
      errorMessage: "NameError: name 'p' is not defined",
      outputParameters: [],
      consoleOutput: 'before\n',
      changedFiles: [],
    });
    expect((await execute('1')).success).toBe(true);
  });

  it('gives no stale outputs when the code raises', async () => {
    await execute('z = 1');
    const answer = await execute('z = 2\n1 / 0', { outputParameters: ['z'] });
    expect(answer).toMatchObject({ success: false, outputParameters: [] });
    expect(answer.errorMessage).toBe('ZeroDivisionError: division by zero');
  });

  it('names an output that was not assigned', async () => {
    const answer = await execute('q = 1', { outputParameters: ['q', 'nothing_here'] });
    expect(answer).toMatchObject({ success: false, outputParameters: [] });
    expect(answer.errorMessage).toContain('nothing_here');
  });

  it('names an output whose value JSON cannot carry', async () => {
    const answer = await execute('q = {"inner": [object()]}', { outputParameters: ['q'] });
    expect(answer.success).toBe(false);
    expect(answer.errorMessage).toContain('q');
    expect(answer.errorMessage).toContain('object');
  });

  it.each(['1x', 'a b', 'lambda', ''])('refuses the name %j with 400', async (name) => {
    for (const more of [{ outputParameters: [name] }, { inputParameters: [{ name, value: 1 }] }]) {
      const answer = await server.request('POST', `${session}/execute`, {
        json: { code: 'ran = 1', ...more },
      });
      expect(answer.status).toBe(400);
    }
    expect((await server.request('GET', `${session}/workspace`)).json()).not.toContain('ran');
  });

  it('runs calls one after the other', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        execute(`order = globals().get("order", []) + [${n}]\nprint(${n})`, {
          outputParameters: ['order'],
        }),
      ),
    );
    answers.forEach((answer, n) => {
      expect(answer.consoleOutput).toBe(`${n}\n`);
    });
    const orders = answers.map((answer) => answer.outputParameters[0]?.value as number[]);
    const last = orders.find((order) => order.length === 8) ?? [];
    expect(last.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('tells which files the code has changed', async () => {
    await execute('open("old.txt", "w").write("x")');
    const { changedFiles } = await execute(
      'import os\nos.makedirs("sub", exist_ok=True)\nopen("sub/new.txt", "w").write("x")',
    );
    expect(changedFiles).toEqual(['sub/new.txt']);
  });

  it('does not wait for input that cannot come', async () => {
    const answer = await execute('input("name? ")');
    expect(answer.success).toBe(false);
    expect(answer.errorMessage).toContain('StdinNotImplementedError');
  });

  it('refuses a body that is not JSON, or lacks the code, with 400', async () => {
    const path = `${session}/execute`;
    expect((await server.request('POST', path, { body: '{"code":' })).status).toBe(400);
    const answer = await server.request('POST', path, { json: {} });
    expect(answer.status).toBe(400);
    expect(sentence(answer)).toContain('code');
  });
});

describe('the console, the history and cancelling', () => {
  it('shows the console while the code runs, and cancel ends code that never would', async () => {
    const running = execute('print("first", flush=True)\nwhile True: pass');
    await expect
      .poll(async () => (await server.request('GET', `${session}/console-output`)).json())
      .toEqual({ consoleOutput: 'first\n' });
    const cancelled = await server.request('POST', `${session}/cancel`);
    expect(cancelled.status).toBe(200);
    expect(typeof cancelled.json()).toBe('string');
    expect(await running).toMatchObject({
      success: false,
      errorMessage: 'KeyboardInterrupt',
      consoleOutput: 'first\n',
    });
    expect((await execute('"alive"')).success).toBe(true);
  });

  it('answers every call, however early it is cancelled', async () => {
    const outcomes = new Set<string>();
    for (let turn = 0; turn < 80; turn++) {
      const running = execute('1');
      // At another moment of the call each time.
      await delay((turn % 16) / 2);
      await server.request('POST', `${session}/cancel`);
      outcomes.add((await running).errorMessage);
    }
    outcomes.delete('');
    expect([...outcomes].filter((message) => !message.startsWith('KeyboardInterrupt'))).toEqual([]);
    expect((await execute('1')).success).toBe(true);
  }, 30_000);

  it('cancels nothing where nothing runs', async () => {
    const answer = await server.request('POST', `${session}/cancel`);
    expect(answer.json()).toBe('Nothing is running in the session.');
    expect((await execute('1')).success).toBe(true);
  });

  it('keeps the console of the last execution', async () => {
    await execute('print("one")');
    await execute('print("two")');
    const answer = await server.request('GET', `${session}/console-output`);
    expect(answer.json()).toEqual({ consoleOutput: 'two\n' });
  });

  it('lists the source of each execution, of this session alone', async () => {
    expect((await server.request('GET', `${session}/history`)).json()).toEqual([]);
    await execute('a = 1\nb = 2');
    await execute('nope');
    expect((await server.request('GET', `${session}/history`)).json()).toEqual([
      'a = 1\nb = 2',
      'nope',
    ]);
  });

  it('lists objects while code runs', async () => {
    await execute('here = 1');
    const running = execute('print("on", flush=True)\nwhile True: pass');
    await expect
      .poll(async () => (await server.request('GET', `${session}/console-output`)).json())
      .toEqual({ consoleOutput: 'on\n' });
    expect((await server.request('GET', `${session}/workspace`)).json()).toContain('here');
    await server.request('POST', `${session}/cancel`);
    await running;
  });
});

describe('files of a session', () => {
  async function upload(name: string, content: string | Uint8Array<ArrayBuffer>): Promise<Answer> {
    const form = new FormData();
    form.append('file', new Blob([content]), name);
    return server.request('POST', `${session}/files`, { body: form });
  }

  it('are uploaded, listed, read by code, downloaded and deleted', async () => {
    const uploaded = await upload('data.csv', 'a,b\n');
    expect(uploaded.status).toBe(201);
    expect(uploaded.headers.get('content-type')).toContain('text/plain');
    expect((await server.request('GET', `${session}/files`)).json()).toEqual(['data.csv']);
    expect((await execute('print(open("data.csv").read())')).consoleOutput).toBe('a,b\n\n');
    expect((await server.request('GET', `${session}/files/data.csv`)).text).toBe('a,b\n');
    expect((await server.request('DELETE', `${session}/files/data.csv`)).status).toBe(200);
    expect((await server.request('GET', `${session}/files`)).json()).toEqual([]);
  });

  it('are overwritten by an upload of the same name', async () => {
    await upload('a', 'first, and long');
    await upload('a', 'second');
    expect((await server.request('GET', `${session}/files/a`)).text).toBe('second');
  });

  it('are not to be had with 404 when they do not exist', async () => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await server.request(method, `${session}/files/none.csv`);
      expect(answer.status).toBe(404);
      expect(sentence(answer)).toContain('none.csv');
    }
  });

  it.each(['../up.txt', '/etc/up.txt', 'a/../../up.txt', 'x'.repeat(256)])(
    'refuse the name %s with 400 and write nothing',
    async (name) => {
      const answer = await upload(name, 'x');
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ exceptionType: 'BAD_FILE_NAME' });
      expect((await server.request('GET', `${session}/files`)).json()).toEqual([]);
    },
  );

  it.each(['..%2F..%2Fslipway.db', '%2Fetc%2Fpasswd', 'a%00b', '%2e%2e%2fx'])(
    'refuse to be read as %s',
    async (name) => {
      const answer = await server.request('GET', `${session}/files/${name}`);
      expect(answer.status).toBe(400);
    },
  );

  it('are refused with 413 when they are too large, and leave nothing behind', async () => {
    const answer = await upload('big.bin', new Uint8Array(100_001));
    expect(answer.status).toBe(413);
    expect(sentence(answer)).toContain('100000');
    expect((await server.request('GET', `${session}/files`)).json()).toEqual([]);
    expect((await upload('fits.bin', new Uint8Array(100_000))).status).toBe(201);
  });

  it('are refused with 400 when the request carries none', async () => {
    const form = new FormData();
    form.append('other', 'text');
    for (const body of [form, 'text']) {
      const answer = await server.request('POST', `${session}/files`, { body });
      expect(answer.status).toBe(400);
    }
  });
});

describe('objects of a session', () => {
  const OCTETS = { 'content-type': 'application/octet-stream' };

  it('are listed without what the user did not define', async () => {
    await execute('import math\nb = 1\na = 2\n_hidden = 3');
    expect((await server.request('GET', `${session}/workspace`)).json()).toEqual(['a', 'b']);
  });

  it('travel from one session to another as bytes', async () => {
    await execute('class Point:\n    def __init__(self, x): self.x = x\np = Point(7)');
    const got = await server.request('GET', `${session}/workspace/p`);
    expect(got.headers.get('content-type')).toBe('application/octet-stream');
    const other = await create();
    const set = await server.request('POST', `${other}/workspace/q`, {
      body: new Uint8Array(got.bytes),
      headers: OCTETS,
    });
    expect(set.status).toBe(200);
    const answer = await server.request('POST', `${other}/execute`, {
      json: { code: 'x = q.x', outputParameters: ['x'] },
    });
    expect(answer.json()).toMatchObject({ outputParameters: [{ name: 'x', value: 7 }] });
    await server.request('DELETE', `${other}/force`);
  });

  it('are deleted', async () => {
    await execute('a = 1');
    expect((await server.request('DELETE', `${session}/workspace/a`)).status).toBe(200);
    expect((await server.request('GET', `${session}/workspace`)).json()).toEqual([]);
  });

  it('are not to be had with 404 when they do not exist', async () => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await server.request(method, `${session}/workspace/nope`);
      expect(answer.status).toBe(404);
      expect(sentence(answer)).toContain('nope');
    }
  });

  it('are refused with 400 when their bytes are no pickle, and the session lives on', async () => {
    const answer = await server.request('POST', `${session}/workspace/x`, {
      body: 'not a pickle',
      headers: OCTETS,
    });
    expect(answer.status).toBe(400);
    expect((await execute('1')).success).toBe(true);
  });

  it('are refused with 400 under a name that Python cannot use', async () => {
    const answer = await server.request('GET', `${session}/workspace/a.b`);
    expect(answer.status).toBe(400);
  });

  it('are refused with 413 when they are too large', async () => {
    const answer = await server.request('POST', `${session}/workspace/x`, {
      body: new Uint8Array(100_001),
      headers: OCTETS,
    });
    expect(answer.status).toBe(413);
  });
});

describe('snapshots of a session', () => {
  it('bring objects and files to another session, and say what is in them', async () => {
    await execute(
      'import math\nk = 3\ndef area(r): return math.floor(math.pi * r * k)\nopen("note.txt", "w").write("hello")\ng = (i for i in [])',
    );
    const saved = await server.request('POST', `${session}/snapshot`, { json: { name: 'S' } });
    expect(saved.status).toBe(201);
    const { snapshotId, contents } = saved.json<{
      snapshotId: string;
      contents: { objects: { name: string; verdict: string; reason?: string }[] };
    }>();
    const verdicts = Object.fromEntries(contents.objects.map((o) => [o.name, o.verdict]));
    expect(verdicts).toMatchObject({ k: 'saved', area: 'saved', math: 'import', g: 'skipped' });
    expect(contents.objects.find((o) => o.name === 'g')?.reason).toBeTruthy();

    const restored = await create({ runtimeType: 'Python', snapshotId });
    const answer = await server.request('POST', `${restored}/execute`, {
      json: {
        code: 'k = 4\ny = area(2)\nnote = open("note.txt").read()',
        outputParameters: ['y', 'note'],
      },
    });
    expect(answer.json()).toMatchObject({
      success: true,
      outputParameters: [
        { name: 'y', value: 25 },
        { name: 'note', value: 'hello' },
      ],
    });
    await server.request('DELETE', `${restored}/force`);
  });

  it('are merged into a running session, files overwritten', async () => {
    await execute('a = 1\nopen("f", "w").write("old")');
    const saved = await server.request('POST', `${session}/snapshot`, { json: {} });
    const { snapshotId } = saved.json<{ snapshotId: string }>();
    await execute('a = 2\nb = 3\nopen("f", "w").write("new")');
    const loaded = await server.request('POST', `${session}/loadsnapshot/${snapshotId}`);
    expect(loaded.status).toBe(200);
    const { outputParameters } = await execute('f = open("f").read()', {
      outputParameters: ['a', 'b', 'f'],
    });
    expect(outputParameters.map((output) => output.value)).toEqual([1, 3, 'old']);
  });

  it('leave out an object that was written but does not come back, and say why', async () => {
    await execute(
      'class Broken:\n    def __reduce__(self): return (eval, ("1 / 0",))\nbad = Broken()\ngood = 1',
    );
    const saved = await server.request('POST', `${session}/snapshot`, { json: {} });
    expect(saved.status).toBe(201);
    const { snapshotId, contents } = saved.json<{
      snapshotId: string;
      contents: { objects: { name: string; verdict: string; reason?: string }[] };
    }>();
    const bad = contents.objects.find((object) => object.name === 'bad');
    expect(bad).toMatchObject({
      verdict: 'skipped',
      reason: expect.stringContaining('ZeroDivisionError'),
    });
    const restored = await create({ runtimeType: 'Python', snapshotId });
    const names = await server.request('GET', `${restored}/workspace`);
    expect(names.json()).toContain('good');
    expect(names.json()).not.toContain('bad');
    await server.request('DELETE', `${restored}/force`);
  });

  it('hold only what was asked for', async () => {
    await execute('a = 1\nb = 2\nc = 3');
    const saved = await server.request('POST', `${session}/snapshot`, {
      json: { names: ['a', 'b'] },
    });
    const { contents } = saved.json<{ contents: { objects: { name: string }[] } }>();
    expect(contents.objects.map((object) => object.name).sort()).toEqual(['a', 'b']);
  });

  it('are refused with 400 when a name that was asked for does not exist', async () => {
    const answer = await server.request('POST', `${session}/snapshot`, {
      json: { names: ['missing_name'] },
    });
    expect(answer.status).toBe(400);
    expect(sentence(answer)).toContain('missing_name');
  });

  it('are refused with 404 when they do not exist or are another user’s', async () => {
    expect((await server.request('POST', `${session}/loadsnapshot/${UNKNOWN}`)).status).toBe(404);
    const saved = await server.request('POST', `${session}/snapshot`, { json: {} });
    const { snapshotId } = saved.json<{ snapshotId: string }>();
    const token = await server.addUser('thief');
    const answer = await server.request('POST', '/sessions', {
      token,
      json: { runtimeType: 'Python', snapshotId },
    });
    expect(answer.status).toBe(404);
  });
});

describe('the end of a session', () => {
  it('is asked for by DELETE, lets exit handlers run and frees the directory', async () => {
    // The data directory is hidden from sessions.
    const marker = `${server.dataDirectory}-exit-handler-ran`;
    onTestFinished(() => rm(marker, { force: true }));
    await execute(`import atexit\natexit.register(lambda: open(${JSON.stringify(marker)}, "w"))`);
    const answer = await server.request('DELETE', session);
    expect(answer.status).toBe(200);
    expect(typeof answer.json()).toBe('string');
    expect(existsSync(marker)).toBe(true);
    const left = await readdir(join(server.dataDirectory, 'work'));
    expect(left).not.toContain(session.slice('/sessions/'.length));
    expect((await server.request('GET', '/sessions')).json()).toEqual([]);
  });

  it('is forced on a session that is busy', async () => {
    const running = execute('while True: pass');
    expect((await server.request('DELETE', `${session}/force`)).status).toBe(200);
    expect(await running).toMatchObject({
      success: false,
      errorMessage: 'The session was closed.',
    });
  });

  it('comes with os._exit, and the call that did it is told the status', async () => {
    expect(await execute('import os; os._exit(7)')).toMatchObject({
      success: false,
      errorMessage: 'The session ended: its Python process exited with status 7. Create a new one.',
      outputParameters: [],
      changedFiles: [],
    });
  });

  it('comes with a signal, and later calls are told with 410', async () => {
    await execute('import os, signal; os.kill(os.getpid(), signal.SIGKILL)');
    for (const [method, path] of [
      ['GET', `${session}/workspace`],
      ['POST', `${session}/cancel`],
      ['DELETE', session],
    ] as const) {
      const answer = await server.request(method, path);
      expect(answer.status).toBe(410);
      expect(sentence(answer)).toContain('SIGKILL');
    }
  });

  it.runIf(process.platform === 'linux')(
    'takes along the processes that the session has started',
    async () => {
      const { outputParameters } = await execute(
        'import subprocess\npid = subprocess.Popen(["sleep", "1000"]).pid',
        { outputParameters: ['pid'] },
      );
      const pid = outputParameters[0]?.value as number;
      await server.request('DELETE', `${session}/force`);
      await expect.poll(() => existsSync(`/proc/${pid}/fd/0`)).toBe(false);
    },
  );

  it('is unknown with 404 for a session that never was', async () => {
    for (const [method, path] of [
      ['GET', `/sessions/${UNKNOWN}/workspace`],
      ['GET', '/sessions/nonsense/history'],
      ['DELETE', `/sessions/${UNKNOWN}/force`],
    ] as const) {
      const answer = await server.request(method, path);
      expect(answer.status).toBe(404);
      expect(answer.json()).toMatchObject({ exceptionType: 'SESSION_NOT_FOUND' });
    }
  });
});

describe('a server whose Python cannot run sessions', () => {
  it('answers 503 with a sentence and goes on', async () => {
    const broken = await startTestServer({ python: '/nowhere/python' });
    try {
      const answer = await broken.request('POST', '/sessions', { json: { runtimeType: 'Python' } });
      expect(answer.status).toBe(503);
      expect(sentence(answer)).toContain('SLIPWAY_PYTHON');
      expect((await broken.request('GET', '/sessions')).json()).toEqual([]);
    } finally {
      await broken.close();
    }
  });
});
