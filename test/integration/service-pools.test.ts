import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { consume, publish } from '../support/services.js';

/** A service that tells which of its workers has answered, after the others had time to begin. */
const WHO = {
  code: 'import os, time\ntime.sleep(0.1)\npid = os.getpid()',
  outputParameterDefinitions: [{ name: 'pid', type: 'integer' }],
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    serviceWorkers: 1,
    servicePools: { maxSize: 6, idleTime: 1 },
  });
  await publish(server, 'Odd/1', WHO);
});
afterAll(() => server.close());

const setPool = (path: string, json: object, token = server.token) =>
  server.request('POST', `/services/${path}/pool`, { json, token });

async function status(path: string, of = server): Promise<string> {
  const answer = await of.request('GET', `/services/${path}/pool`);
  expect(answer.status).toBe(200);
  const [{ ComputeNodeEndpoint, Status }] =
    answer.json<[{ ComputeNodeEndpoint: string; Status: string }]>();
  expect(ComputeNodeEndpoint).toBe(`http://localhost:${new URL(of.url).port}`);
  return Status;
}

/** How many workers answer so many calls that come at once. */
async function workers(path: string, calls: number): Promise<number> {
  const answers = await Promise.all(Array.from({ length: calls }, () => consume(server, path)));
  return new Set(answers.map(({ outputParameters }) => outputParameters.pid)).size;
}

const ready = (path: string, of = server) =>
  vi.waitFor(async () => expect(await status(path, of)).toBe('Success'), { timeout: 10_000 });

describe('the pool of a service', () => {
  it('is not found until it is asked for, and again when it was deleted', async () => {
    await publish(server, 'Own/1', WHO);
    expect(await status('Own/1')).toBe('NotFound');
    const answer = await setPool('Own/1', { InitialPoolSize: 2, MaxPoolSize: 2 });
    expect([answer.status, answer.text]).toEqual([200, '"1"']);
    await ready('Own/1');
    const deleted = await server.request('DELETE', '/services/Own/1/pool');
    expect([deleted.status, deleted.text]).toEqual([200, '"1"']);
    expect(await status('Own/1')).toBe('NotFound');
    await vi.waitFor(async () => expect(await workers('Own/1', 4)).toBe(1), { timeout: 10_000 });
  });

  it('has its initial workers before the first call, and grows to the most under load', async () => {
    await publish(server, 'Grow/1', WHO);
    await setPool('Grow/1', { InitialPoolSize: 3, MaxPoolSize: 5 });
    await ready('Grow/1');
    await vi.waitFor(async () => expect(await workers('Grow/1', 12)).toBe(5), { timeout: 10_000 });
  });

  it('ends workers beyond the initial ones when they have no call for a time', async () => {
    await publish(server, 'Shrink/1', WHO);
    await setPool('Shrink/1', { InitialPoolSize: 0, MaxPoolSize: 3 });
    await vi.waitFor(async () => expect(await workers('Shrink/1', 9)).toBe(3), { timeout: 10_000 });
    // A single call comes to a worker that is left, or to a new one, but never to all three again.
    const before = new Set<unknown>();
    for (let call = 0; call < 3; call++) {
      before.add((await consume(server, 'Shrink/1')).outputParameters.pid);
    }
    await vi.waitFor(
      async () => {
        const { pid } = (await consume(server, 'Shrink/1')).outputParameters;
        expect(before).not.toContain(pid);
      },
      { timeout: 20_000, interval: 2500 },
    );
  });

  it('has one worker after it was made smaller, and loses no call meanwhile', async () => {
    await publish(server, 'Less/1', WHO);
    await setPool('Less/1', { InitialPoolSize: 4, MaxPoolSize: 4 });
    await ready('Less/1');
    const running = Array.from({ length: 8 }, () => consume(server, 'Less/1'));
    await setPool('Less/1', { InitialPoolSize: 1, MaxPoolSize: 1 });
    for (const { success } of await Promise.all(running)) expect(success).toBe(true);
    expect(await workers('Less/1', 4)).toBe(1);
  });

  it('keeps a size that is not given, unless the one given needs another', async () => {
    await publish(server, 'Part/1', WHO);
    const size = async () => (await server.server.context.store.services.find('Part', '1'))?.pool;
    await setPool('Part/1', { InitialPoolSize: 3 });
    expect(await size()).toEqual({ initial: 3, max: 3 });
    await setPool('Part/1', { MaxPoolSize: 5 });
    expect(await size()).toEqual({ initial: 3, max: 5 });
    await setPool('Part/1', { MaxPoolSize: 2, InitialPoolSize: null });
    expect(await size()).toEqual({ initial: 2, max: 2 });
  });

  it('stays when the service is changed, and goes when the version is deleted', async () => {
    await publish(server, 'Patched/1', WHO);
    await setPool('Patched/1', { InitialPoolSize: 2, MaxPoolSize: 3 });
    const json = { code: `${WHO.code}\nother = 1`, description: 'Changed.' };
    await server.request('PATCH', '/services/Patched/1', { json });
    await ready('Patched/1');
    await server.request('DELETE', '/services/Patched/1');
    await publish(server, 'Patched/1', WHO);
    expect(await status('Patched/1')).toBe('NotFound');
  });

  it('is there after a restart of the server, before anybody calls', async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'slipway-pools-'));
    try {
      const first = await startTestServer({ dataDirectory, serviceWorkers: 1 });
      await publish(first, 'Kept/1', WHO);
      const json = { InitialPoolSize: 2, MaxPoolSize: 4 };
      await first.request('POST', '/services/Kept/1/pool', { json });
      await first.close();
      const second = await startTestServer({ dataDirectory, serviceWorkers: 1 });
      try {
        await ready('Kept/1', second);
      } finally {
        await second.close();
      }
    } finally {
      await rm(dataDirectory, { recursive: true, force: true });
    }
  });

  it.each([
    [{ InitialPoolSize: 3, MaxPoolSize: 2 }, 'not less than InitialPoolSize'],
    [{ InitialPoolSize: -1, MaxPoolSize: 2 }, 'must be 0 or more'],
    [{ MaxPoolSize: 0 }, 'at least 1'],
    [{ MaxPoolSize: 7 }, 'Ask for 6 or less'],
    [{ MaxPoolSize: 1.5 }, 'body.MaxPoolSize'],
    [{ InitialPoolSize: '2' }, 'body.InitialPoolSize'],
  ])('cannot be %j', async (json, words) => {
    const answer = await setPool('Odd/1', json);
    expect(answer.status).toBe(400);
    expect(answer.json<{ message: string }>().message).toContain(words);
  });
});
