import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CONFIG_DEFAULTS } from '../../src/server/index.js';
import { batchState, batchWith, type Request, startBatch } from '../support/batches.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { consume, publish } from '../support/services.js';

let server: TestServer;
let request: Request;
/** Where the code of services leaves signs, and looks for them. */
let folder: string;

const rows = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, x) => ({ x, ...more }));
const doorFor = (name: string) => join(folder, name);
const isThere = (path: string) =>
  vi.waitFor(() => expect(existsSync(path)).toBe(true), { timeout: 20_000, interval: 10 });
const x = [{ name: 'x', type: 'integer' }];
const y = [{ name: 'y', type: 'integer' }];

/** Code that says that it runs, and goes on when a door is open. */
const waits =
  'import os, time\nopen(sign, "a").close()\nwhile not os.path.exists(door): time.sleep(0.005)\n';
const waitInputs = [...x, { name: 'sign', type: 'character' }, { name: 'door', type: 'character' }];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-batches-'));
  // No call may wait: rows of a batch must get by without that.
  server = await startTestServer({
    serviceWorkers: 2,
    serviceQueue: 1,
    batch: { ...CONFIG_DEFAULTS.batch, running: 2, maxRows: 100_000, maxBytes: 10_000_000 },
    maxBodyBytes: 250_000,
  });
  request = server.request;
  await publish(server, 'Square/1', {
    code: 'y = x * x',
    inputParameterDefinitions: x,
    outputParameterDefinitions: y,
  });
  for (const name of ['Wait', 'Long']) {
    await publish(server, `${name}/1`, {
      code: `${waits}y = x`,
      inputParameterDefinitions: waitInputs,
      outputParameterDefinitions: y,
    });
  }
  // Calls that are known to be short may take all workers.
  await consume(server, 'Wait/1', { x: 0, sign: doorFor('warm'), door: folder });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('a batch', () => {
  it('answers 202 with its id in both spellings and the rows that run at once, truthfully', async () => {
    const answer = await request('POST', '/api/Square/1/batch?parallelCount=7', { json: rows(3) });
    expect(answer.status).toBe(202);
    const { batchExecutionId, ...rest } = answer.json<Record<string, unknown>>();
    expect(rest).toEqual({
      name: 'Square',
      version: '1',
      BatchExecutionId: batchExecutionId,
      parallelCount: 2,
    });
    expect(answer.text).toMatch(/^\{"name":"Square","version":"1","batchExecutionId":"/);
    await batchWith(request, `/api/Square/1/batch/${batchExecutionId}`);
  });

  it('runs every row, and has the results in the order of the rows', async () => {
    const batch = await startBatch(request, 'Square/1', rows(300));
    const { state, completedItemCount, totalItemCount, batchExecutionResults } = await batchWith(
      request,
      batch,
    );
    expect([state, completedItemCount, totalItemCount]).toEqual(['Complete', 300, 300]);
    expect(batchExecutionResults.map((result) => result.outputParameters.y)).toEqual(
      rows(300).map((row) => row.x ** 2),
    );
    expect((await request('GET', batch)).text).toContain(
      '"completedItemCount":300,"totalItemCount":300,"batchExecutionResults":[{"success":true,"errorMessage":"","outputParameters":{"y":0},"outputFiles":{},"consoleOutput":"","changedFiles":[]},',
    );
  });

  it('may have no rows at all', async () => {
    const batch = await startBatch(request, 'Square/1', []);
    expect(await batchWith(request, batch)).toEqual({
      state: 'Complete',
      completedItemCount: 0,
      totalItemCount: 0,
      batchExecutionResults: [],
    });
  });

  it('passes numbers on as they were written', async () => {
    await publish(server, 'Same/1', {
      code: 'y = x',
      inputParameterDefinitions: [{ name: 'x', type: 'vector' }],
      outputParameterDefinitions: [{ name: 'y', type: 'vector' }],
    });
    const body = ' [ {"x":[9007199254740993,1.0]} ,\n{"x":["}]\\"",{"a":[]}]}\n] ';
    const begun = await request('POST', '/api/Same/1/batch', { body });
    const id = begun.json<{ batchExecutionId: string }>().batchExecutionId;
    const batch = `/api/Same/1/batch/${id}`;
    await batchWith(request, batch);
    const { text } = await request('GET', batch);
    expect(text).toContain('{"y":[9007199254740993,1.0]}');
    expect(text).toContain('{"y":["}]\\"",{"a":[]}]}');
  });

  it('is listed for its user, oldest first', async () => {
    const before = (await request('GET', '/api/Square/1/batch')).json<string[]>();
    const batch = await startBatch(request, 'Square/1', rows(1));
    const after = (await request('GET', '/api/Square/1/batch/')).json<string[]>();
    expect(after).toEqual([...before, batch.split('/').at(-1)]);
  });

  it("of another user is a 404 on every route, and is not in anybody else's list", async () => {
    const batch = await startBatch(request, 'Square/1', rows(1));
    await batchWith(request, batch);
    const token = await server.addUser('mallory');
    for (const [method, path] of [
      ['GET', batch],
      ['DELETE', batch],
      ['GET', `${batch}/0/files`],
      ['GET', `${batch}/0/files/a`],
    ] as const) {
      const answer = await request(method, path, { token });
      expect([answer.status, answer.json<{ exceptionType: string }>().exceptionType]).toEqual([
        404,
        'BATCH_NOT_FOUND',
      ]);
    }
    expect((await request('GET', '/api/Square/1/batch', { token })).json()).toEqual([]);
    expect((await batchState(request, batch)).state).toBe('Complete');
  });
});

describe('while a batch runs', () => {
  it('its results are those of the first rows without a gap', async () => {
    const [sign, first, rest] = ['gap-sign', 'gap-first', 'gap-rest'].map(doorFor) as [
      string,
      string,
      string,
    ];
    await writeFile(rest, '');
    const given = rows(4).map((row) => ({ ...row, sign, door: row.x === 0 ? first : rest }));
    const batch = await startBatch(request, 'Wait/1', given);
    await isThere(sign);
    const id = batch.split('/').at(-1) as string;
    // Row 0 runs, so that those behind it, which one worker ran, do not count yet.
    await vi.waitFor(async () => {
      const files = await request('GET', `${batch}/1/files`);
      expect(files.status).toBe(200);
    });
    expect((await request('GET', `${batch}/0/files`)).status).toBe(404);
    const before = await batchState(request, batch);
    expect(before).toEqual({
      state: 'InProgress',
      completedItemCount: 0,
      totalItemCount: 4,
      batchExecutionResults: [],
    });
    await writeFile(first, '');
    const after = await batchWith(request, batch);
    expect(after.batchExecutionResults.map((result) => result.outputParameters.y)).toEqual([
      0, 1, 2, 3,
    ]);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('they can be left out, by either spelling; with the last row they are there', async () => {
    const [sign, open, shut] = ['part-sign', 'part-open', 'part-shut'].map(doorFor) as [
      string,
      string,
      string,
    ];
    await writeFile(open, '');
    const given = rows(2).map((row) => ({ ...row, sign, door: row.x === 0 ? open : shut }));
    const batch = await startBatch(request, 'Wait/1', given);
    await batchWith(request, batch, 1);
    const lengths = async () => {
      const found: number[] = [];
      for (const query of ['', '?showPartialResults=TRUE', '?showPartialResult=False']) {
        const state = await batchState(request, batch + query);
        expect(state.completedItemCount).toBeGreaterThanOrEqual(1);
        found.push(state.batchExecutionResults.length);
      }
      return found;
    };
    expect(await lengths()).toEqual([1, 1, 0]);
    await writeFile(shut, '');
    await batchWith(request, batch);
    expect(await lengths()).toEqual([2, 2, 2]);
  });

  it('one worker of several is left to callers where rows are long', async () => {
    const [sign, shut] = [doorFor('call-sign'), doorFor('call-shut')];
    const batch = await startBatch(request, 'Long/1', rows(6, { sign, door: shut }));
    await isThere(sign);
    const answer = await consume(server, 'Long/1', { x: 42, sign, door: folder });
    expect(answer.outputParameters.y).toBe(42);
    expect((await batchState(request, batch)).completedItemCount).toBe(0);
    await writeFile(shut, '');
    await batchWith(request, batch);
  });

  it('callers wait for no more than the rows in hand', async () => {
    const batch = await startBatch(request, 'Square/1', rows(20_000));
    const answer = await consume(server, 'Square/1', { x: 9 });
    expect(answer.outputParameters.y).toBe(81);
    expect((await batchState(request, `${batch}?showPartialResults=false`)).state).not.toBe(
      'Complete',
    );
    expect((await request('DELETE', batch)).status).toBe(200);
  });

  it('no more of its rows run at the same time than were asked for', async () => {
    const log = doorFor('one.log');
    await publish(server, 'Log/1', {
      code: 'import time\nf = open(log, "a")\nf.write("begin\\n"); f.flush()\ntime.sleep(0.01)\nf.write("end\\n"); f.close()\ny = x',
      inputParameterDefinitions: [...x, { name: 'log', type: 'character' }],
      outputParameterDefinitions: y,
    });
    const query = '?parallelCount=1';
    const batch = await startBatch(request, 'Log/1', rows(10, { log }), { query });
    await batchWith(request, batch);
    expect(await readFile(log, 'utf8')).toBe('begin\nend\n'.repeat(10));
  });
});

describe('a row that fails', () => {
  it('has a result that says why, and the others have theirs', async () => {
    await publish(server, 'Fail/1', {
      code: 'import os\nif x == 1: raise ValueError("no ones")\nif x == 2: os._exit(3)\ny = x',
      inputParameterDefinitions: x,
      outputParameterDefinitions: y,
    });
    const batch = await startBatch(request, 'Fail/1', rows(4));
    const { batchExecutionResults } = await batchWith(request, batch);
    expect(batchExecutionResults.map(({ success }) => success)).toEqual([true, false, false, true]);
    expect(batchExecutionResults[1]?.errorMessage).toBe('ValueError: no ones');
    expect(batchExecutionResults[2]?.errorMessage).toContain('its worker exited with status 3');
    expect(batchExecutionResults[2]?.outputParameters).toEqual({});
  });

  it('of a wrong type is refused by a sentence, though megabytes follow it', async () => {
    const rows = Array.from({ length: 40 }, () => ({ x: 'y'.repeat(200_000) }));
    const answer = await request('POST', '/api/Square/1/batch', { json: rows });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('Row 0 cannot be run');
  });

  it('of a wrong type is refused before any row runs, and named', async () => {
    const json = [{ x: 1 }, { x: 'two' }];
    const answer = await request('POST', '/api/Square/1/batch', { json });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      exceptionType: 'INVALID_BATCH',
      fields: 'x',
      message: expect.stringMatching(/^Row 1 cannot be run: The parameter x is a text/),
    });
  });
});

describe('files of rows', () => {
  it('are listed by name and downloaded as they are', async () => {
    await publish(server, 'Files/1', {
      code: 'import os\nos.makedirs("out", exist_ok=True)\nif x != 1: open("out/a b.bin", "wb").write(bytes([x, 0, 255]))\nopen("note.txt", "w").write(str(x))\ny = x',
      inputParameterDefinitions: x,
      outputParameterDefinitions: y,
      outputFileNames: ['out/a b.bin', 'note.txt'],
    });
    const batch = await startBatch(request, 'Files/1', rows(3));
    const { batchExecutionResults } = await batchWith(request, batch);
    // They are fetched one by one: a batch of pictures would be too large to ask for its state.
    expect(batchExecutionResults[0]?.outputFiles).toEqual({});
    expect(batchExecutionResults[0]?.outputParameters).toEqual({ y: 0 });
    const lists = [0, 1, 2].map(async (row) => {
      const answer = await request('GET', `${batch}/${row}/files`);
      return answer.json();
    });
    expect(await Promise.all(lists)).toEqual([
      ['note.txt', 'out/a b.bin'],
      ['note.txt'],
      ['note.txt', 'out/a b.bin'],
    ]);
    const file = await request('GET', `${batch}/2/files/out%2Fa%20b.bin`);
    expect([...file.bytes]).toEqual([2, 0, 255]);
    expect(file.headers.get('content-type')).toBe('application/octet-stream');
    // What nothing else refers to is still there after a collection of garbage.
    await server.server.context.store.collectGarbage();
    expect((await request('GET', `${batch}/1/files/note.txt`)).text).toBe('1');
    for (const path of ['/1/files/out%2Fa%20b.bin', '/3/files', '/3/files/note.txt']) {
      expect((await request('GET', batch + path)).status, path).toBe(404);
    }
    expect((await request('GET', `${batch}/-1/files`)).status).toBe(400);
    expect((await request('GET', `${batch}/one/files/note.txt`)).status).toBe(400);
  });
});

describe('a batch that is too large', () => {
  const row = (bytes: number) => `{"x":${'1'.padStart(bytes - 6)}}`;
  const tooManyBytes = `[${`${row(200_000)},`.repeat(50)}{"x":1}]`;

  it.each([
    ['rows', `[${'{"x":1},'.repeat(100_000)}{"x":1}]`, 'more than 100000 rows.*batch.maxRows'],
    [
      'bytes of a row',
      `[{"x":1},${row(250_001)}]`,
      'Row 1 has more than 250000 bytes.*maxBodyBytes',
    ],
    ['bytes', tooManyBytes, 'more than 10000000 bytes.*batch.maxBytes'],
    [
      'bytes, of which it does not tell before',
      tooManyBytes,
      'more than 10000000 bytes.*batch.maxBytes',
    ],
  ])('by its %s is refused with 413, and leaves nothing', async (what, body, message) => {
    const folders = await readdir(join(server.dataDirectory, 'batches'));
    const batches = (await request('GET', '/api/Square/1/batch')).text;
    const pieces = what.includes('tell') ? new Blob([body]).stream() : body;
    const answer = await request('POST', '/api/Square/1/batch', { body: pieces });
    expect([answer.status, answer.json<object>()]).toEqual([
      413,
      expect.objectContaining({
        exceptionType: 'BODY_TOO_LARGE',
        message: expect.stringMatching(message),
      }),
    ]);
    expect(await readdir(join(server.dataDirectory, 'batches'))).toEqual(folders);
    expect((await request('GET', '/api/Square/1/batch')).text).toBe(batches);
  });

  it('by nothing is run: its limits are those it may have', async () => {
    const body = `[${`${row(200_000)},`.repeat(49)}${row(100_000)}]`;
    const answer = await request('POST', '/api/Square/1/batch', { body });
    expect(answer.status).toBe(202);
    const { batchExecutionId } = answer.json<{ batchExecutionId: string }>();
    const { completedItemCount } = await batchWith(
      request,
      `/api/Square/1/batch/${batchExecutionId}`,
    );
    expect(completedItemCount).toBe(50);
  });
});

describe('a batch beyond those that may run', () => {
  it('is Pending, waits in the order in which they came, and can be deleted then', async () => {
    const [sign, door] = [doorFor('pending-sign'), doorFor('pending-door')];
    const begin = (name: string) => startBatch(request, name, rows(1, { sign, door }));
    const running = [await begin('Wait/1'), await begin('Long/1')];
    const waiting = [await begin('Wait/1'), await begin('Wait/1'), await begin('Wait/1')];
    const states = (batches: readonly string[]) =>
      Promise.all(batches.map(async (batch) => (await batchState(request, batch)).state));
    await vi.waitFor(async () => {
      expect(await states(running)).toEqual(['InProgress', 'InProgress']);
    });
    expect(await states(waiting)).toEqual(['Pending', 'Pending', 'Pending']);
    expect(server.server.context.batches.load()).toEqual({ running: 2, waiting: 3 });
    const [next = '', deleted = '', last = ''] = waiting;
    expect((await request('DELETE', deleted)).status).toBe(200);
    await request('DELETE', running[0] as string);
    await vi.waitFor(async () => expect(await states([next])).toEqual(['InProgress']));
    expect(await states([last])).toEqual(['Pending']);
    await writeFile(door, '');
    for (const batch of [running[1] as string, next, last]) await batchWith(request, batch);
  });
});

describe('a batch that is deleted', () => {
  it('stops the rows that run, at once, and is gone', async () => {
    const pids = doorFor('pids');
    await publish(server, 'Endless/1', {
      code: 'import os, time\nopen(sign, "a").write(f"{os.getpid()}\\n")\nwhile True: time.sleep(1)',
      inputParameterDefinitions: [{ name: 'sign', type: 'character' }],
    });
    const batch = await startBatch(request, 'Endless/1', [{ sign: pids }, { sign: pids }]);
    await isThere(pids);
    const pid = Number((await readFile(pids, 'utf8')).split('\n')[0]);
    const answer = await request('DELETE', batch);
    expect([answer.status, answer.json()]).toEqual([200, [batch.split('/').at(-1)]]);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect((await request('GET', batch)).status).toBe(404);
    expect((await request('DELETE', batch)).status).toBe(404);
    // The service goes on with new workers.
    const other = await startBatch(request, 'Endless/1', []);
    await batchWith(request, other);
  });

  it('after its end takes its results along', async () => {
    const batch = await startBatch(request, 'Square/1', rows(2));
    await batchWith(request, batch);
    const id = batch.split('/').at(-1) as string;
    const files = join(server.dataDirectory, 'batches', id);
    expect(existsSync(files)).toBe(true);
    await request('DELETE', batch);
    expect(existsSync(files)).toBe(false);
  });
});

describe('a service that is changed while its batch runs', () => {
  async function begun(name: string): Promise<{ batch: string; door: string }> {
    await publish(server, `${name}/1`, {
      code: `${waits}y = 1`,
      inputParameterDefinitions: waitInputs,
      outputParameterDefinitions: y,
    });
    const [sign, door] = [doorFor(`${name}-sign`), doorFor(`${name}-door`)];
    const batch = await startBatch(request, `${name}/1`, rows(5, { sign, door }));
    await isThere(sign);
    return { batch, door };
  }
  const outputs = async (batch: string) =>
    (await batchWith(request, batch)).batchExecutionResults.map(
      (result) => result.outputParameters.y,
    );

  it('runs all rows with the code that the batch was begun with', async () => {
    const { batch, door } = await begun('Patched');
    const json = { code: 'y = 2', runtimeType: 'Python' };
    expect((await request('PATCH', '/services/Patched/1', { json })).status).toBe(200);
    const call = { x: 1, sign: '', door: '' };
    expect((await consume(server, 'Patched/1', call)).outputParameters.y).toBe(2);
    await writeFile(door, '');
    expect(await outputs(batch)).toEqual([1, 1, 1, 1, 1]);
  });

  it('or deleted: the batch goes on, and its results stay', async () => {
    const { batch, door } = await begun('Deleted');
    expect((await request('DELETE', '/services/Deleted/1')).status).toBe(200);
    expect((await request('POST', '/api/Deleted/1/batch', { json: [] })).status).toBe(404);
    await writeFile(door, '');
    expect(await outputs(batch)).toEqual([1, 1, 1, 1, 1]);
    const list = await request('GET', '/api/Deleted/1/batch');
    expect(list.json()).toEqual([batch.split('/').at(-1)]);
    await request('DELETE', batch);
    expect((await request('GET', '/api/Deleted/1/batch')).status).toBe(404);
    expect((await request('GET', batch)).status).toBe(404);
  });
});
