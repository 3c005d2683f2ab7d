import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { v4 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ResultLog } from '../../src/server/batches/result-log.js';
import { writeRows } from '../../src/server/batches/row-file.js';
import { batchState, batchWith, startBatch } from '../support/batches.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { publish } from '../support/services.js';

/*
 * What happens between two steps of a server. A step of the store is the moment: what a test does
 * then, somebody else's request or the end of the server does on a bad day.
 */

let server: TestServer;
const context = () => server.server.context;
const store = () => context().store.batches;
const idOf = (batch: string) => batch.split('/').at(-1) as string;
const folderOf = (id: string) => join(server.dataDirectory, 'batches', id);
const resultsOf = (id: string) => join(folderOf(id), 'results');
const rowsOf = (id: string) => join(folderOf(id), 'rows');
const rows = (count: number) => Array.from({ length: count }, (_, x) => ({ x }));
const ids = async () => (await server.request('GET', '/api/Runs/1/batch')).json<string[]>();

beforeAll(async () => {
  server = await startTestServer();
  const x = [{ name: 'x', type: 'integer' }];
  await publish(server, 'Runs/1', {
    code: 'open("row.txt", "w").write(str(x))\ny = x',
    inputParameterDefinitions: x,
    outputParameterDefinitions: [{ name: 'y', type: 'integer' }],
    outputFileNames: ['row.txt'],
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => server?.close());

/** Does something when a method of the store has done its work, and its caller knows nothing yet. */
function rightAfter<K extends 'find' | 'insert' | 'files'>(
  method: K,
  task: () => Promise<unknown>,
) {
  const real = store()[method].bind(store()) as (...given: unknown[]) => Promise<unknown>;
  vi.spyOn(store(), method).mockImplementationOnce((async (...given: unknown[]) => {
    const result = await real(...given);
    await task();
    return result;
  }) as never);
}

/** A batch that has ended. */
async function ended(count = 3): Promise<string> {
  const batch = await startBatch(server.request, 'Runs/1', rows(count));
  await batchWith(server.request, batch);
  return batch;
}

/** A row's answer of its own kind: one that had run again would have another. */
const earlier = (y: number) =>
  Buffer.from(JSON.stringify({ success: true, errorMessage: '', outputParameters: { y } }));

/**
 * A batch of four rows as a server leaves it that was killed, or whose disk has lost something.
 * @param results rows that have an answer
 */
async function left(
  results: readonly number[],
  spoil: (id: string) => Promise<unknown> = async () => undefined,
  finishedAt: number | null = null,
): Promise<string> {
  const service = await context().store.services.find('Runs', '1');
  if (service === undefined) throw new Error('The service is not there.');
  const id = v4();
  await mkdir(folderOf(id), { recursive: true });
  const bodies = rows(4).map((row) => Buffer.from(JSON.stringify(row)));
  await writeRows(rowsOf(id), Readable.from(bodies));
  const log = await ResultLog.resume(resultsOf(id), 4);
  for (const index of results) await log.append([{ index, answer: earlier(100 + index) }]);
  await log.close();
  await spoil(id);
  const creationTime = new Date().toISOString();
  const times = { creationTime, finishedAt, failure: null };
  await store().insert({ id, owner: 'admin', parallelCount: 2, total: 4, service, ...times });
  return `/api/Runs/1/batch/${id}`;
}

const outputs = async (batch: string) => {
  const { state, completedItemCount, batchExecutionResults } = await batchState(
    server.request,
    batch,
  );
  const y = batchExecutionResults.map(({ outputParameters }) => outputParameters.y);
  expect(completedItemCount).toBe(y.length);
  return [state, ...y];
};

describe('a batch that is deleted, or expires, while somebody asks for it', () => {
  it.each(['', '?showPartialResults=false', '/0/files', '/0/files/row.txt'])(
    'is a 404, whatever is asked for (GET …%s)',
    async (path) => {
      const batch = await ended();
      rightAfter('find', () => server.request('DELETE', batch));
      const { status, text } = await server.request('GET', batch + path);
      expect([status, text]).toEqual([404, expect.stringContaining('You have no batch')]);
    },
  );

  it('is a 404 when the content of a file has just been removed, too', async () => {
    const batch = await ended(1);
    rightAfter('files', async () => {
      const [{ sha256 = '' } = {}] = await store().files(idOf(batch), 0);
      await server.request('DELETE', batch);
      await rm(join(server.dataDirectory, 'blobs', sha256.slice(0, 2), sha256.slice(2)));
    });
    const { status, text } = await server.request('GET', `${batch}/0/files/row.txt`);
    expect([status, text]).toEqual([404, expect.stringContaining('You have no batch')]);
  });
});

describe('a batch whose server was killed', () => {
  it('before its first result is Pending until the next goes on with it', async () => {
    const batch = await left([], (id) => rm(resultsOf(id)));
    expect(await outputs(batch)).toEqual(['Pending']);
    expect((await server.request('GET', `${batch}/0/files`)).status).toBe(404);
    await context().batches.resume();
    await batchWith(server.request, batch);
    expect(await outputs(batch)).toEqual(['Complete', 0, 1, 2, 3]);
  });

  it('after its last result needs neither its rows nor its service', async () => {
    const batch = await left([0, 2, 1, 3], (id) => rm(rowsOf(id)));
    const hold = vi.spyOn(context().services, 'holdFormer');
    await context().batches.resume();
    await batchWith(server.request, batch);
    expect(await outputs(batch)).toEqual(['Complete', 100, 101, 102, 103]);
    expect(hold).not.toHaveBeenCalled();
  });

  it('is not begun again when it is deleted at that moment', async () => {
    const batch = await left([0]);
    const id = idOf(batch);
    const run = vi.spyOn(context().services, 'holdFormer');
    const real = store().unfinished.bind(store());
    vi.spyOn(store(), 'unfinished').mockImplementationOnce(async () => {
      const found = await real();
      const remove = () => server.request('DELETE', batch);
      // The row is gone when the starting server looks for it again, its files not yet.
      const find = store().find.bind(store());
      vi.spyOn(store(), 'find').mockImplementationOnce(async (wanted) => {
        await remove();
        return find(wanted);
      });
      return found;
    });
    await context().batches.resume();
    expect(run).not.toHaveBeenCalled();
    expect(context().batches.load()).toEqual({ running: 0, waiting: 0 });
    expect(existsSync(folderOf(id))).toBe(false);
  });
});

describe('results that were damaged', () => {
  const damage = (where: (end: number) => number) => async (id: string) => {
    const bytes = await readFile(resultsOf(id));
    bytes[where(bytes.length / 2)] = 0;
    await writeFile(resultsOf(id), bytes);
  };

  it('run again, and none of those behind them', async () => {
    // The first of two records, in its answer.
    const batch = await left(
      [0, 1],
      damage((end) => end - 3),
    );
    const warn = vi.spyOn(context().log, 'warn');
    await context().batches.resume();
    await batchWith(server.request, batch);
    expect(await outputs(batch)).toEqual(['Complete', 0, 101, 2, 3]);
    expect(warn).toHaveBeenCalledWith(
      { batch: idOf(batch), bytes: 12 + earlier(100).length },
      expect.stringContaining('run again'),
    );
  });

  it.each([
    ['at its end', damage((end) => 2 * end - 3), ['Failed', 100, 101, 102]],
    ['by its length', (id: string) => truncate(resultsOf(id), 100), ['Failed', 100]],
    ['in its middle', damage((end) => end + 20), ['Failed', 100, 101]],
    ['altogether', (id: string) => rm(resultsOf(id)), ['Failed']],
    ['with its folder', (id: string) => rm(folderOf(id), { recursive: true }), ['Failed']],
  ])('after the end of the batch are told of: it has failed (%s)', async (_, spoil, expected) => {
    const batch = await left([0, 1, 2, 3], spoil, Date.now());
    const error = vi.spyOn(context().log, 'error').mockReturnValue();
    expect(await outputs(batch)).toEqual(expected);
    expect(error).toHaveBeenCalledWith(
      { batch: idOf(batch), row: expected.length - 1 },
      expect.stringContaining('damaged from this row on'),
    );
  });

  it.each([
    ['its files', (id: string) => rm(folderOf(id), { recursive: true }), ['Failed']],
    ['its rows', (id: string) => rm(rowsOf(id)), ['Failed', 100]],
    ['the end of its rows', (id: string) => truncate(rowsOf(id), 20), ['Failed', 100]],
  ])('let a batch that has lost %s fail with those that it has', async (_, spoil, expected) => {
    const batch = await left([0], spoil);
    const error = vi.spyOn(context().log, 'error').mockReturnValue();
    await context().batches.resume();
    await vi.waitFor(async () =>
      expect((await batchState(server.request, batch)).state).toBe('Failed'),
    );
    expect((await outputs(batch)).slice(0, expected.length)).toEqual(expected);
    expect(error).toHaveBeenCalledOnce();
  });
});

describe('a batch that cannot be begun', () => {
  it('fails for that reason, though it cannot be taken back either', async () => {
    const before = await ids();
    const error = vi.spyOn(context().log, 'error').mockReturnValue();
    vi.spyOn(store(), 'insert').mockRejectedValueOnce(new Error('The disk is full.'));
    vi.spyOn(store(), 'delete').mockRejectedValueOnce(new Error('The disk is still full.'));
    const answer = await server.request('POST', '/api/Runs/1/batch', { json: rows(1) });
    expect(answer.status).toBe(500);
    const messages = error.mock.calls.map(([said]) => (said as { err?: Error }).err?.message);
    expect(messages).toEqual(['The disk is still full.', 'The disk is full.']);
    expect(await ids()).toEqual(before);
    const folders = await readdir(join(server.dataDirectory, 'batches'));
    expect(folders.filter((id) => !before.includes(id))).toEqual([]);
  });
});

describe('a batch that is deleted while it begins', () => {
  it('does not run, and leaves nothing', async () => {
    const before = await ids();
    const run = vi.spyOn(context().services, 'holdFormer');
    rightAfter('insert', async () => {
      const [id] = (await ids()).filter((one) => !before.includes(one));
      const answer = await server.request('DELETE', `/api/Runs/1/batch/${id}`);
      expect(answer.status).toBe(200);
    });
    const batch = await startBatch(server.request, 'Runs/1', rows(2));
    expect((await server.request('GET', batch)).status).toBe(404);
    expect(run).not.toHaveBeenCalled();
    expect(existsSync(folderOf(idOf(batch)))).toBe(false);
  });
});

describe('a batch that begins while the server ends', () => {
  it('is left to the next one, with no file open', async () => {
    const other = await startTestServer();
    await publish(other, 'Runs/1', { code: 'y = 1' });
    const { batches, store: otherStore } = other.server.context;
    const insert = otherStore.batches.insert.bind(otherStore.batches);
    vi.spyOn(otherStore.batches, 'insert').mockImplementationOnce(async (record) => {
      await insert(record);
      await batches.close();
    });
    try {
      const batch = await startBatch(other.request, 'Runs/1', [{}]);
      const state = await batchState(other.request, batch);
      expect([state.state, state.completedItemCount]).toEqual(['Pending', 0]);
      expect(batches.load()).toEqual({ running: 0, waiting: 0 });
      const later = await startBatch(other.request, 'Runs/1', [{}]);
      expect((await batchState(other.request, later)).state).toBe('Pending');
      const open = await Promise.all(
        (await readdir('/proc/self/fd')).map((fd) =>
          readlink(`/proc/self/fd/${fd}`).catch(() => ''),
        ),
      );
      expect(open.filter((path) => path.startsWith(`${other.dataDirectory}/batches`))).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
