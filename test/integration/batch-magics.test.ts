import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MagicBench } from '../support/magics.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { publish } from '../support/services.js';

describe.each([
  ['the channel of a session', 'slipway'],
  ['the routes of R Server alone', '9.1'],
] as const)('over %s, a batch', (_link, api) => {
  let server: TestServer;
  let bench: MagicBench;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-batch-'));
    server = await startTestServer({ api });
    await publish(server, 'Area/1', {
      code: 'if wide < 0: raise ValueError("too narrow")\narea = wide * high\nlabel = f"{wide} x {high}"\nopen("label.txt", "w").write(label)',
      inputParameterDefinitions: [
        { name: 'wide', type: 'integer' },
        { name: 'high', type: 'numeric' },
      ],
      outputParameterDefinitions: [
        { name: 'area', type: 'numeric' },
        { name: 'label', type: 'character' },
      ],
      outputFileNames: ['label.txt'],
    });
    await publish(server, 'Sum/1', {
      code: 'total = sum(numbers)',
      inputParameterDefinitions: [{ name: 'numbers', type: 'vector' }],
      outputParameterDefinitions: [{ name: 'total', type: 'numeric' }],
    });
    await publish(server, 'Endless/1', {
      code: 'import time\nopen(sign, "a").close()\nwhile True: time.sleep(1)',
      inputParameterDefinitions: [{ name: 'sign', type: 'character' }],
    });
    bench = await MagicBench.start(server);
    await bench.python(
      [
        'import pandas as pd',
        'frame = pd.DataFrame({"high": [0.5, 2.0, 4.0], "unused": "u", "wide": [1, 2, 3]}, index=["a", "b", "c"])',
        'bad = [{"wide": 2, "high": 1.0}, {"wide": -1, "high": 1.0}]',
      ].join('\n'),
    );
  });
  afterAll(async () => {
    await bench?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('gives a data frame with a line for each row, and its index', async () => {
    await bench.run('areas = %consume Area 1 --batch frame --parallel 2');
    const told = await bench.python(
      'print(list(areas), list(areas.index), list(areas.area), list(areas.label), areas.attrs["batch"]["service"])',
    );
    expect(told).toBe(
      "['area', 'label'] ['a', 'b', 'c'] [0.5, 4.0, 12.0] ['1 x 0.5', '2 x 2.0', '3 x 4.0'] Area\n",
    );
  });

  it('shows a card otherwise, and says where the results are', async () => {
    const { text, data } = await bench.run('%consume Area --batch frame[:2]');
    expect(text).toContain('Area 1: 2 rows');
    expect(text).toMatch(/^ +0 +0\.5 +1 x 0\.5$/m);
    expect(text).toContain('label.txt');
    expect(data).toMatchObject({ service: 'Area', version: '1', rows: 2, failed: 0, errors: [] });
    expect((await server.request('GET', new URL(data.url).pathname)).status).toBe(200);
  });

  it.each([
    ['a list of dicts', '[{"wide": 2, "high": 3}]', '[6.0]'],
    ['values in the order of the inputs', '[(2, 3), [4, 5.5]]', '[6.0, 22.0]'],
    ['a dict of columns', '{"high": [1, 2], "wide": range(2)}', '[0.0, 2.0]'],
    ['named tuples', 'list(frame.itertuples())', '[0.5, 4.0, 12.0]'],
    ['no rows at all', 'frame[:0]', '[]'],
  ])('takes %s', async (_what, expression, expected) => {
    await bench.run(`x = %consume Area 1 --batch ${expression.replaceAll(' ', '')}`);
    expect(await bench.python('print(list(x.area))')).toBe(`${expected}\n`);
  });

  it('takes the values themselves where there is one input, and rows of numbers for a vector', async () => {
    await bench.run('one = %consume Sum --batch [[1,2],[3,4.5]]');
    await bench.run('two = %consume Sum --batch frame[["wide","high"]]');
    expect(await bench.python('print(list(one.total), list(two.total))')).toBe(
      '[3.0, 7.5] [1.5, 4.0, 7.0]\n',
    );
  });

  it('tells of rows that failed, and keeps the others', async () => {
    const { printed } = await bench.run('x = %consume Area 1 --batch bad');
    expect(printed).toBe('1 of 2 rows failed:\n  row 1: ValueError: too narrow\n');
    expect(await bench.python('print(x.area[0], pd.isna(x.error[0]), x.error[1])')).toBe(
      '2.0 True ValueError: too narrow\n',
    );
    const { text, data } = await bench.run('%consume Area 1 --batch bad');
    expect(text).toContain('! 1 of 2 rows failed.');
    expect(data.errors).toEqual([{ row: 1, message: 'ValueError: too narrow' }]);
    await expect(bench.run('%consume Area 1 --batch bad[1:]')).rejects.toMatchObject({
      ename: 'ServiceError',
      evalue: 'Area 1 failed for the one row: ValueError: too narrow',
    });
  });

  it('saves the files of the rows', async () => {
    const target = join(folder, 'files');
    const { text } = await bench.run(`%consume Area 1 --batch frame --files ${target}`);
    expect(text).toContain(`3 files in ${target}`);
    expect((await readdir(target)).sort()).toEqual(['0', '1', '2']);
    expect(await readFile(join(target, '2', 'label.txt'), 'utf8')).toBe('3 x 4.0');
  });

  it.each([
    ['%consume Area 1 --batch 5', 'RowsError', 'a value of type int has no rows'],
    ['%consume Area 1 --batch [{"wide":1}]', 'RowsError', 'row 0 has no "high"'],
    ['%consume Area 1 --batch frame[["wide"]]', 'RowsError', 'there is no column "high"'],
    ['%consume Area 1 --batch [("x",1)]', 'OutputValueError', 'row 0'],
    ['%consume Area 1 --batch nowhere', 'NameError', 'nowhere'],
    ['%consume Area 1 wide=1 --batch frame', 'UsageError', 'leave "wide=…" out'],
    ['%consume Area 1 --batch frame --parallel few', 'UsageError', 'a whole number'],
    ['%consume Area 1 --parallel 2', 'UsageError', 'goes with --batch'],
    ['%consume None 1 --batch frame', 'ServiceNotFoundError', 'None'],
  ])('says what is wrong with %s', async (cell, ename, evalue) => {
    await expect(bench.run(cell)).rejects.toMatchObject({
      ename,
      evalue: expect.stringContaining(evalue),
    });
  });

  it('is cancelled with the cell', async () => {
    const sign = join(folder, 'sign');
    const interrupt = new AbortController();
    const running = bench.run(`%consume Endless 1 --batch [{"sign":"${sign}"}]`, interrupt.signal);
    await vi.waitFor(() => expect(existsSync(sign)).toBe(true), { timeout: 20_000 });
    interrupt.abort();
    await expect(running).rejects.toThrow();
    expect((await server.request('GET', '/api/Endless/1/batch')).json()).toEqual([]);
  });
});
