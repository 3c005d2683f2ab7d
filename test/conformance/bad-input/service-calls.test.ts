import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectPrivate, expectRefusal, type Refusal } from '../../support/refusal.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { consume, publish } from '../../support/services.js';

/** Seconds that a call may take here. */
const TIMEOUT = 1;

const TYPES = {
  whole: 'integer',
  number: 'numeric',
  text: 'character',
  flag: 'logical',
  list: 'vector',
  rows: 'matrix',
  table: 'data.frame',
};
const VALUES = { whole: 1, number: 1.5, text: 'a', flag: true, list: [], rows: [], table: {} };

const definitions = (types: Readonly<Record<string, string>>) =>
  Object.entries(types).map(([name, type]) => ({ name, type }));

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ serviceTimeout: TIMEOUT, maxBodyBytes: 300_000 });
  await publish(server, 'Typed/1', {
    code: 'seen = text',
    inputParameterDefinitions: definitions(TYPES),
    outputParameterDefinitions: [{ name: 'seen', type: 'character' }],
  });
  await publish(server, 'Runs/1', {
    code: 'exec(code)',
    inputParameterDefinitions: [{ name: 'code', type: 'character' }],
    outputParameterDefinitions: [{ name: 'out', type: 'vector' }],
  });
});
afterAll(() => server.close());
afterEach(async () => {
  expect(await consume(server, 'Typed/1', VALUES)).toMatchObject({ success: true });
  expect(await consume(server, 'Runs/1', { code: 'out = [1]' })).toMatchObject({
    outputParameters: { out: [1] },
  });
});

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const withValue = (name: string, json: string) =>
  `{${Object.entries({ ...VALUES, [name]: null })
    .map(([key, value]) => `"${key}":${key === name ? json : JSON.stringify(value)}`)
    .join(',')}}`;

describe('a call', () => {
  const parameter = (words: string): Refusal => ({
    status: 400,
    exceptionType: 'INVALID_PARAMETER',
    words,
  });
  const NOT_JSON: Refusal = { status: 400, exceptionType: 'INVALID_JSON', words: 'not valid JSON' };
  const NOT_OBJECT: Refusal = {
    status: 400,
    exceptionType: 'INVALID_JSON',
    words: 'Send a JSON object with the parameters by name',
  };
  const TOO_DEEP: Refusal = { status: 400, exceptionType: 'NESTED_TOO_DEEP', words: '500 levels' };
  const HALF: Refusal = { status: 400, exceptionType: 'INVALID_JSON', words: 'surrogate pair' };
  const cases: [string, string, Refusal][] = [
    ['without parameters', '', parameter('The parameter whole is missing')],
    ['whose integer has a fraction', withValue('whole', '1.5'), parameter('Send a whole number')],
    ['whose integer is a text', withValue('whole', '"1"'), parameter('is a text')],
    ['whose numeric is a flag', withValue('number', 'true'), parameter('Send a number')],
    ['whose character is a number', withValue('text', '1'), parameter('Send a text')],
    ['whose logical is a number', withValue('flag', '1'), parameter('Send true or false')],
    ['whose vector is a number', withValue('list', '1'), parameter('Send an array')],
    ['whose matrix is ragged', withValue('rows', '[[1],[]]'), parameter('rows of one length')],
    ['whose data frame is ragged', withValue('table', '{"a":[1],"b":[]}'), parameter('columns')],
    [
      'with an unknown parameter',
      '{"nmber":1,'.concat(JSON.stringify(VALUES).slice(1)),
      parameter('no parameter "nmber"'),
    ],
    [
      'with the parameter __proto__',
      '{"__proto__":{},'.concat(JSON.stringify(VALUES).slice(1)),
      parameter('no parameter "__proto__"'),
    ],
    [
      'whose key comes twice: the last one counts',
      `${JSON.stringify(VALUES).slice(0, -1)},"whole":"x"}`,
      parameter('whole is a text'),
    ],
    ['that is an array', '[]', NOT_OBJECT],
    ['that is a number', '1', NOT_OBJECT],
    ['that is null', 'null', NOT_OBJECT],
    ['that is not JSON', 'whole=1', NOT_JSON],
    ['that is cut off', JSON.stringify(VALUES).slice(0, -3), NOT_JSON],
    ['nested too deeply', withValue('list', nested(90_000)), TOO_DEEP],
    ['nested by one level too much', withValue('list', nested(500)), TOO_DEEP],
    ['with half a character', withValue('text', '"\\ud800"'), HALF],
    [
      'that is too large',
      withValue('text', JSON.stringify('x'.repeat(300_000))),
      { status: 413, exceptionType: 'BODY_TOO_LARGE', words: 'too large' },
    ],
  ];

  it.each(cases)('%s is refused', async (_what, body, refusal) => {
    const answer = await server.request('POST', '/api/Typed/1', { body });
    expectRefusal(server, answer, refusal);
    expect(JSON.parse(answer.text)).toMatchObject({
      code: refusal.status,
      fields: expect.any(String),
    });
  });

  it('nested as deeply as it may be is answered', async () => {
    const body = withValue('list', nested(499));
    const answer = await server.request('POST', '/api/Typed/1', { body });
    expect(answer.json()).toMatchObject({ success: true });
  });

  const failures: [string, string, string][] = [
    ['raises', 'raise ValueError("bad row 3")', 'ValueError: bad row 3'],
    ['opens what is not there', 'open("none.csv")', 'FileNotFoundError'],
    ['exits', 'raise SystemExit(3)', 'SystemExit: 3'],
    ['recurses', 'f = lambda: f()\nf()', 'RecursionError'],
    ['raises half a character', 'raise ValueError("\\ud800")', 'ValueError'],
    [
      'raises an error whose text raises',
      'class E(Exception):\n  def __str__(self): 1/0\nraise E()',
      'E',
    ],
    ['interrupts itself', 'raise KeyboardInterrupt', 'KeyboardInterrupt'],
    ['sets no output', 'pass', 'out'],
    ['outputs bytes', 'out = b"x"', 'bytes'],
    ['outputs a function', 'out = print', 'out'],
    ['outputs an object in a list', 'out = [1, {"a": object()}]', 'out[1].a'],
    ['outputs a list that holds itself', 'out = []\nout.append(out)', 'out'],
    ['outputs half a character', 'out = ["\\ud800"]', 'out[0]'],
    ['outputs lists 100 000 deep', 'out = []\nfor _ in range(100000): out = [out]', 'out'],
  ];

  it.each(failures)('whose code %s is answered in words', async (_what, code, words) => {
    const answer = await consume(server, 'Runs/1', { code });
    expect(answer).toMatchObject({ success: false, outputParameters: {} });
    expect(answer.errorMessage).toContain(words);
    expectPrivate(server, answer.errorMessage);
  });

  it('that prints half a character is answered', async () => {
    const { success } = await consume(server, 'Runs/1', { code: 'out = [1]; print("\\ud800")' });
    expect(success).toBe(true);
  });

  // R Server's document allows a 500 here; what clients show is the sentence.
  const ends: [string, string, Refusal][] = [
    [
      'never ends',
      'while True: pass',
      { status: 500, exceptionType: 'SERVICE_TIMEOUT', words: 'within 1 s' },
    ],
    [
      'kills its worker',
      'import os, signal; os.kill(os.getpid(), signal.SIGSEGV)',
      { status: 500, exceptionType: 'SERVICE_CRASHED', words: 'SIGSEGV' },
    ],
    [
      'leaves its worker',
      'import os; os._exit(3)',
      { status: 500, exceptionType: 'SERVICE_CRASHED', words: 'exited with status 3' },
    ],
  ];

  it.each(ends)('whose code %s is told so, and the next ones are answered', async (...args) => {
    const [, code, refusal] = args;
    const answers = await Promise.all([
      server.request('POST', '/api/Runs/1', { json: { code } }),
      consume(server, 'Runs/1', { code: 'out = [2]' }),
    ]);
    expectRefusal(server, answers[0], refusal);
    expect(answers[1]).toMatchObject({ outputParameters: { out: [2] } });
  });
});
