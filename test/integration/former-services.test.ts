import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WebServiceResult } from '../../src/api/index.js';
import { FormerServices } from '../../src/server/services/holds.js';
import { CallGroup, type ServiceHold } from '../../src/server/services/index.js';
import type { ServiceRecord } from '../../src/server/store/index.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { publish } from '../support/services.js';

let server: TestServer;
let first: ServiceRecord;
let second: ServiceRecord;
let former: FormerServices;

/** Services that were published and are gone; they run the same. */
async function gone(name: string): Promise<ServiceRecord> {
  await publish(server, `${name}/1`, {
    code: 'import os\npid = os.getpid()\nif end: os._exit(3)',
    inputParameterDefinitions: [{ name: 'end', type: 'logical' }],
    outputParameterDefinitions: [{ name: 'pid', type: 'integer' }],
  });
  const record = await server.server.context.store.services.find(name, '1');
  await server.request('DELETE', `/services/${name}/1`);
  if (record === undefined) throw new Error(`${name} was not published.`);
  return record;
}

beforeAll(async () => {
  server = await startTestServer({ serviceWorkers: 1 });
  [first, second] = [await gone('First'), await gone('Second')];
});
afterAll(() => server?.close());
beforeEach(() => {
  former = new FormerServices(server.server.context);
});
afterEach(() => former.close());

/** Calls a service as a batch does. @returns the process that ran it */
async function pidOf(hold: ServiceHold, end = false): Promise<number> {
  const body = Buffer.from(JSON.stringify({ end }));
  const answer = await hold.call(body, 'batch/0', new CallGroup());
  return Number((JSON.parse(answer.toString()) as WebServiceResult).outputParameters.pid);
}
const isRunning = (pid: number) => existsSync(`/proc/${pid}`);

describe('a service that only batches call any more', () => {
  it('has the same workers for all of them, until the last one lets it go', async () => {
    const [one, other] = [former.hold(first), former.hold(first)];
    const pid = await pidOf(one);
    expect(await pidOf(other)).toBe(pid);
    expect([...former.all()].map(({ pool }) => pool.load().workers)).toEqual([1]);
    one.release();
    one.release();
    expect(await pidOf(other)).toBe(pid);
    other.release();
    expect([...former.all()]).toEqual([]);
    await former.close();
    expect(isRunning(pid)).toBe(false);
  });

  it('starts anew for a batch that comes while its workers end', async () => {
    const before = former.hold(first);
    const pid = await pidOf(before);
    before.release();
    const after = former.hold(first);
    expect(await pidOf(after)).not.toBe(pid);
    after.release();
  });

  it('tells of itself by its own name, though another runs the same', async () => {
    const [one, other] = [former.hold(first), former.hold(second)];
    expect([one.record.name, other.record.name]).toEqual(['First', 'Second']);
    await expect(pidOf(other, true)).rejects.toThrow(/^Second\/1 .* exited with status 3/);
    await expect(pidOf(one, true)).rejects.toThrow(/^First\/1 .* exited with status 3/);
  });

  it('counts among those that have workers', async () => {
    const { services } = server.server.context;
    const before = services.load();
    const hold = await services.holdFormer(first);
    await pidOf(hold);
    const { live, workers } = services.load();
    expect([live - before.live, workers - before.workers]).toEqual([1, 1]);
    hold.release();
  });
});

describe('when the server ends', () => {
  it('the workers have ended that were held, and those that had just been let go', async () => {
    const [one, other] = [former.hold(first), former.hold(second)];
    const pids = [await pidOf(one), await pidOf(other)];
    one.release();
    await former.close();
    expect(pids.map(isRunning)).toEqual([false, false]);
    other.release();
  });

  it('no service is started any more', async () => {
    await former.close();
    expect(() => former.hold(first)).toThrow('First/1 cannot be run at the moment');
  });
});
