import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { type CallFailure, consume, publish, snapshotOf } from '../support/services.js';

let server: TestServer;
let published = 0;

beforeAll(async () => {
  server = await startTestServer({ serviceWorkers: 1, maxBodyBytes: 100_000 });
});
afterAll(() => server.close());

interface Parameters {
  readonly [name: string]: string;
}

/** Publishes a service of some code. @returns its path */
async function service(
  code: string,
  inputs: Parameters = {},
  outputs: Parameters = {},
  more: object = {},
): Promise<string> {
  published += 1;
  const path = `Service/${published}`;
  const definitions = (types: Parameters) =>
    Object.entries(types).map(([name, type]) => ({ name, type }));
  await publish(server, path, {
    code,
    inputParameterDefinitions: definitions(inputs),
    outputParameterDefinitions: definitions(outputs),
    ...more,
  });
  return path;
}

async function fail(path: string, parameters: unknown): Promise<CallFailure & { status: number }> {
  const answer = await server.request('POST', `/api/${path}`, { json: parameters });
  return { status: answer.status, ...answer.json<CallFailure>() };
}

describe('parameters', () => {
  let echo: string;
  const types = {
    whole: 'integer',
    number: 'numeric',
    text: 'character',
    other_text: 'string',
    flag: 'logical',
    list: 'vector',
    rows: 'matrix',
    table: 'data.frame',
    other_table: 'dataframe',
  };

  beforeAll(async () => {
    const outputs = Object.fromEntries(
      Object.entries(types).map(([name, type]) => [`${name}_out`, type]),
    );
    const code = Object.keys(types).map((name) => `${name}_out = ${name}`);
    echo = await service(
      `${code.join('\n')}\nkinds = [type(v).__name__ for v in (whole, number, text, flag, list, rows, table)]`,
      types,
      { ...outputs, kinds: 'vector' },
    );
  });

  const values = {
    whole: 3,
    number: 2.5,
    text: 'häß ☃ 𝒳 "quoted"\n',
    other_text: '',
    flag: true,
    list: [1, 'two', null, [3]],
    rows: [
      [0, 1],
      [2, 3],
    ],
    table: { n: [2, 3], s: ['aa', 'bb'] },
    other_table: { n: [] },
  };

  it('of every type go in and out as what they are', async () => {
    const { success, errorMessage, outputParameters } = await consume(server, echo, values);
    expect([success, errorMessage]).toEqual([true, '']);
    const { kinds, ...outputs } = outputParameters;
    expect(kinds).toEqual(['int', 'float', 'str', 'bool', 'list', 'ndarray', 'DataFrame']);
    expect(outputs).toEqual(
      Object.fromEntries(Object.entries(values).map(([name, value]) => [`${name}_out`, value])),
    );
  });

  it('may be null whatever their type', async () => {
    const nulls = Object.fromEntries(Object.keys(types).map((name) => [name, null]));
    const { outputParameters } = await consume(server, echo, nulls);
    const { kinds, ...outputs } = outputParameters;
    expect(kinds).toEqual(Array(7).fill('NoneType'));
    expect(new Set(Object.values(outputs))).toEqual(new Set([null]));
  });

  it('take a whole number written with a decimal point as an integer', async () => {
    const path = await service('kind = type(x).__name__', { x: 'integer' }, { kind: 'character' });
    const answer = await server.request('POST', `/api/${path}`, { body: '{"x": 3.0}' });
    expect(answer.json()).toMatchObject({ outputParameters: { kind: 'int' } });
  });

  it('carry NaN and infinities as words in, and come out as null and words', async () => {
    const path = await service('y = x', { x: 'numeric' }, { y: 'numeric' });
    expect((await consume(server, path, { x: 'NaN' })).outputParameters).toEqual({ y: null });
    const { outputParameters } = await consume(server, path, { x: '-Infinity' });
    expect(outputParameters).toEqual({ y: '-Infinity' });
  });

  it('carry them and missing values in vectors, matrices and columns by the same rule', async () => {
    const path = await service(
      "kinds = [type(v[1]).__name__, type(v[3]).__name__, str(m.dtype), str(t['n'].dtype), type(w[0]).__name__]\nv2, m2, t2, w2 = v, m, t, w",
      { v: 'vector', m: 'matrix', t: 'data.frame', w: 'vector' },
      { kinds: 'vector', v2: 'vector', m2: 'matrix', t2: 'data.frame', w2: 'vector' },
    );
    const { outputParameters } = await consume(server, path, {
      v: [1, 'NaN', '-Infinity', null],
      m: [
        [1, null],
        ['Infinity', 2],
      ],
      t: { n: [null, 'Infinity', 1.5], s: ['NaN', 'x', null] },
      w: ['NaN', 'no number beside it'],
    });
    expect(outputParameters).toEqual({
      kinds: ['float', 'NoneType', 'float64', 'float64', 'str'],
      v2: [1, null, '-Infinity', null],
      m2: [
        [1, null],
        ['Infinity', 2],
      ],
      t2: { n: [null, 'Infinity', 1.5], s: ['NaN', 'x', null] },
      w2: ['NaN', 'no number beside it'],
    });
  });

  it('send dates and times in ISO 8601, and durations as seconds', async () => {
    const path = await service(
      [
        'import datetime as dt, numpy as np, pandas as pd',
        'when = dt.datetime(2017, 10, 5, 22, 49, 33, 500000, dt.timezone.utc)',
        "days = [dt.date(2017, 10, 5), np.datetime64('2017-10-05'), pd.NaT, dt.timedelta(minutes=2)]",
        "table = pd.DataFrame({'t': pd.to_datetime(['2017-10-05', None])})",
      ].join('\n'),
      {},
      { when: 'character', days: 'vector', table: 'data.frame' },
    );
    expect((await consume(server, path)).outputParameters).toEqual({
      when: '2017-10-05T22:49:33.500000+00:00',
      days: ['2017-10-05', '2017-10-05', null, 120],
      table: { t: ['2017-10-05T00:00:00', null] },
    });
  });

  it('keep the order of columns, and long integers', async () => {
    const path = await service(
      'u, b = t, n + 1',
      { t: 'data.frame', n: 'integer' },
      { u: 'data.frame', b: 'integer' },
    );
    const answer = await server.request('POST', `/api/${path}`, {
      body: '{"n":18446744073709551616,"t":{"z":[1],"10":[2],"9":[3]}}',
    });
    expect(answer.text).toContain('{"u":{"z":[1],"10":[2],"9":[3]},"b":18446744073709551617}');
  });

  it.each([
    ['whole', 2.5, 'integer', 'the number 2.5'],
    ['whole', '3', 'integer', 'a text'],
    ['number', true, 'numeric', 'true'],
    ['number', [1], 'numeric', 'an array of 1'],
    ['text', 5, 'character', 'the number 5'],
    ['flag', 1, 'logical', 'the number 1'],
    ['list', 5, 'vector', 'the number 5'],
    ['list', {}, 'vector', 'an object'],
    ['rows', [[1], [1, 2]], 'matrix', 'an array of 2'],
    ['rows', [1, 2], 'matrix', 'an array of 2'],
    ['table', { a: [1], b: [] }, 'data.frame', 'an object'],
    ['table', { a: 1 }, 'data.frame', 'an object'],
    ['table', [1], 'data.frame', 'an array of 1'],
  ])('are refused when %s is %j', async (name, value, type, what) => {
    const failure = await fail(echo, { ...values, [name]: value });
    expect(failure).toMatchObject({
      status: 400,
      exceptionType: 'INVALID_PARAMETER',
      code: 400,
      fields: name,
    });
    for (const part of [name, type, what]) expect(failure.message).toContain(part);
  });

  it('are refused when one is missing', async () => {
    const { flag: _, ...rest } = values;
    const failure = await fail(echo, rest);
    expect([failure.status, failure.fields]).toEqual([400, 'flag']);
    expect(failure.message).toContain('flag is missing. Send true or false');
  });

  it('are refused when one is unknown, and the known ones are listed', async () => {
    const failure = await fail(echo, { ...values, nmber: 1 });
    expect([failure.status, failure.fields]).toEqual([400, 'nmber']);
    expect(failure.message).toContain('number (numeric)');
  });

  it.each([
    ['no JSON', '{"x": ', 'not valid JSON'],
    ['an array', '[1]', 'an array of 1'],
    ['text', '"x"', 'a text'],
    ['null', 'null', 'null'],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'not valid UTF-8'],
    ['NaN, which is no JSON', '{"whole": NaN}', 'not valid JSON'],
  ])('are refused when the body is %s', async (_what, body, part) => {
    const answer = await server.request('POST', `/api/${echo}`, { body });
    expect(answer.status).toBe(400);
    expect(answer.json<CallFailure>().message).toContain(part);
  });

  it('are refused when the body is too large', async () => {
    const failure = await fail(echo, { ...values, text: 'x'.repeat(100_000) });
    expect([failure.status, failure.exceptionType]).toEqual([413, 'BODY_TOO_LARGE']);
  });

  it('are not needed by a service without, whose body may be empty', async () => {
    const path = await service('x = 1', {}, { x: 'integer' });
    const answer = await server.request('POST', `/api/${path}`);
    expect(answer.json()).toMatchObject({ success: true, outputParameters: { x: 1 } });
  });
});

describe('the route', () => {
  it('wants a token', async () => {
    const path = await service('x = 1');
    const answer = await server.request('POST', `/api/${path}`, { token: null, json: {} });
    expect(answer.status).toBe(401);
  });

  it('answers 404 for an unknown service', async () => {
    const failure = await fail('Nothing/1', {});
    expect([failure.status, failure.exceptionType]).toEqual([404, 'SERVICE_NOT_FOUND']);
  });

  it('takes a form content type, as curl -d sends it', async () => {
    const path = await service('y = x', { x: 'numeric' }, { y: 'numeric' });
    const answer = await server.request('POST', `/api/${path}/`, {
      body: '{"x": 1}',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer.json()).toMatchObject({ outputParameters: { y: 1 } });
  });
});

describe('code that fails', () => {
  it.each([
    ['raise ValueError("bad row")', 'ValueError: bad row'],
    ['print(p)', "NameError: name 'p' is not defined"],
    ['raise SystemExit(2)', 'SystemExit: 2'],
    ['exit()', 'SystemExit'],
    ['raise KeyboardInterrupt', 'KeyboardInterrupt'],
    ['def f(): f()\nf()', 'RecursionError: maximum recursion depth exceeded'],
    ['x = bytearray(1 << 60)', 'MemoryError'],
    ['class E(Exception):\n  def __str__(self): 1/0\nraise E', 'E (its text failed'],
  ])('%j is a 200 that says why', async (code, message) => {
    const path = await service(code, {}, { x: 'integer' });
    const answer = await consume(server, path);
    expect(answer).toMatchObject({ success: false, outputParameters: {}, outputFiles: {} });
    expect(answer.errorMessage.startsWith(message)).toBe(true);
    expect(answer.errorMessage).not.toContain('Traceback');
  });

  it('names an output that was not set', async () => {
    const path = await service('y = 1', {}, { y: 'integer', result: 'numeric' });
    const { success, errorMessage, outputParameters } = await consume(server, path);
    expect([success, outputParameters]).toEqual([false, {}]);
    expect(errorMessage).toContain('"result"');
  });

  it('names the part of an output that JSON cannot carry', async () => {
    const path = await service("result = {'items': [1, object()]}", {}, { result: 'vector' });
    const { success, errorMessage } = await consume(server, path);
    expect(success).toBe(false);
    expect(errorMessage).toContain('result');
    expect(errorMessage).toContain('object');
  });

  it('keeps what it printed', async () => {
    const path = await service('print("before")\nraise ValueError("x")');
    expect((await consume(server, path)).consoleOutput).toBe('before\n');
  });
});

describe('console output', () => {
  it('holds both streams in order, of one call alone', async () => {
    const path = await service(
      'import sys\nprint(x)\nprint("warned", file=sys.stderr)\nsys.stdout.buffer.write("bytes é\\n".encode())',
      { x: 'character' },
    );
    expect((await consume(server, path, { x: 'one' })).consoleOutput).toBe(
      'one\nwarned\nbytes é\n',
    );
    expect((await consume(server, path, { x: 'two' })).consoleOutput).toBe(
      'two\nwarned\nbytes é\n',
    );
  });

  it('is cut after a million characters', async () => {
    const path = await service("for _ in range(3): print('x' * 500_000)");
    const { consoleOutput } = await consume(server, path);
    expect(consoleOutput.length).toBeLessThan(1_050_000);
    expect(consoleOutput).toContain('The output was cut');
  });

  it('does not hold what code writes to the descriptors of the process', async () => {
    const path = await service(
      'import os\nos.write(1, b"raw")\nos.system("echo child")\nx = 1',
      {},
      {
        x: 'integer',
      },
    );
    expect(await consume(server, path)).toMatchObject({ success: true, consoleOutput: '' });
  });
});

describe('each call', () => {
  it('begins with the names that the service was published with', async () => {
    const snapshotId = await snapshotOf(server, 'k = 1\ndef scaled(x):\n    return k * x');
    const path = await service(
      "leftovers = [n for n in ('extra', 'step') if n in globals()]\ny = scaled(x)\nk = 100\nextra = step = 1\nafter = scaled(x)\ndel scaled",
      { x: 'integer' },
      { y: 'integer', after: 'integer', leftovers: 'vector' },
      { snapshotId },
    );
    for (let call = 0; call < 3; call++) {
      const { outputParameters } = await consume(server, path, { x: 7 });
      expect(outputParameters).toEqual({ y: 7, after: 700, leftovers: [] });
    }
  });

  it('begins with the files that the service was published with', async () => {
    const snapshotId = await snapshotOf(
      server,
      "import os\nos.mkdir('data')\nfor name in ('a.txt', 'b.txt', 'data/c.txt'):\n    with open(name, 'w') as f: _ = f.write(name)",
    );
    const path = await service(
      [
        'import os, shutil',
        "seen = sorted(os.path.join(d, f)[2:] for d, _, fs in os.walk('.') for f in fs)",
        "texts = [open(name).read() for name in ('a.txt', 'b.txt', 'data/c.txt')]",
        "open('a.txt', 'w').write('changed')",
        "os.remove('b.txt')",
        "shutil.rmtree('data')",
        "open('data', 'w').write('now a file')",
        "os.makedirs('new/deep')",
        "open('new/deep/d.txt', 'w').write('new')",
        "os.chdir('/')",
      ].join('\n'),
      {},
      { seen: 'vector', texts: 'vector' },
      { snapshotId },
    );
    for (let call = 0; call < 3; call++) {
      const { success, errorMessage, outputParameters, changedFiles } = await consume(server, path);
      expect([success, errorMessage]).toEqual([true, '']);
      expect(outputParameters.seen).toEqual(['a.txt', 'b.txt', 'data/c.txt']);
      expect(outputParameters.texts).toEqual(['a.txt', 'b.txt', 'data/c.txt']);
      expect(changedFiles).toEqual(['a.txt', 'data', 'new/deep/d.txt']);
    }
  });

  it('answers with declared files in base64, and null for one that was not made', async () => {
    const path = await service(
      "if make:\n    open('plot.png', 'wb').write(bytes([0, 255, 10]))",
      { make: 'logical' },
      {},
      { outputFileNames: ['plot.png', 'never.csv'] },
    );
    const made = await consume(server, path, { make: true });
    expect(made.outputFiles).toEqual({ 'plot.png': 'AP8K', 'never.csv': null });
    expect(made.changedFiles).toEqual(['plot.png']);
    const absent = await consume(server, path, { make: false });
    expect(absent.outputFiles).toEqual({ 'plot.png': null, 'never.csv': null });
    expect(absent.changedFiles).toEqual([]);
  });

  it('does not get at files outside of its directory through a declared name', async () => {
    const path = await service(
      "import os\nos.symlink('/etc/hostname', 'link.txt')",
      {},
      {},
      {
        outputFileNames: ['link.txt'],
      },
    );
    expect((await consume(server, path)).outputFiles).toEqual({ 'link.txt': null });
  });
});

describe('initCode', () => {
  it('runs once in a worker, before all calls', async () => {
    const path = await service(
      'runs = counter[0]\ntext = open("made.txt").read()',
      {},
      { runs: 'integer', text: 'character' },
      {
        initCode:
          "counter = globals().get('counter', [0])\ncounter[0] += 1\nopen('made.txt', 'w').write('by init')",
      },
    );
    for (let call = 0; call < 3; call++) {
      const answer = await consume(server, path);
      expect(answer.outputParameters).toEqual({ runs: 1, text: 'by init' });
      expect(answer.changedFiles).toEqual([]);
    }
  });

  it('makes files that calls may change, which come back', async () => {
    const path = await service(
      "text = open('made.txt').read()\nopen('made.txt', 'w').write('by a call')",
      {},
      { text: 'character' },
      { initCode: "open('made.txt', 'w').write('by init')" },
    );
    for (let call = 0; call < 2; call++) {
      expect((await consume(server, path)).outputParameters).toEqual({ text: 'by init' });
    }
  });
});

it('gives each worker random numbers of its own', async () => {
  const many = await startTestServer({ serviceWorkers: 3 });
  try {
    await publish(many, 'Random/1', {
      code: 'import os, time, random, numpy.random\ntime.sleep(0.05)\npid, x, y = os.getpid(), random.random(), numpy.random.rand()',
      outputParameterDefinitions: ['pid', 'x', 'y'].map((name) => ({ name, type: 'numeric' })),
    });
    const answers = await Promise.all(Array.from({ length: 12 }, () => consume(many, 'Random/1')));
    const column = (name: string) =>
      new Set(answers.map(({ outputParameters }) => outputParameters[name]));
    expect(column('pid').size).toBeGreaterThan(1);
    expect([column('x').size, column('y').size]).toEqual([12, 12]);
  } finally {
    await many.close();
  }
});
