import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';
import { type CallFailure, consume, publish, snapshotOf, tryPublish } from '../support/services.js';

/** Seconds. */
const TIMEOUT = 1.5;
const QUEUE = 4;

/** Does what the call says. */
const OBEY = `
import os, signal, time
if what == 'exit': os._exit(7)
if what == 'kill': os.kill(os.getpid(), signal.SIGKILL)
if what == 'segfault':
    import ctypes
    ctypes.string_at(0)
if what == 'loop':
    while True: pass
if what == 'hang': time.sleep(1000)
if what.startswith('/'):
    import subprocess
    with open(what, 'w') as file: file.write(str(subprocess.Popen(['sleep', '1000']).pid))
    time.sleep(1000)
if what == 'close': os.closerange(3, 200)
if what == 'sleep': time.sleep(0.4)
pid, parent = os.getpid(), os.getppid()
`;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({
    serviceWorkers: 2,
    serviceTimeout: TIMEOUT,
    serviceQueue: QUEUE,
  });
  await publish(server, 'Obey/1', {
    code: OBEY,
    inputParameterDefinitions: [{ name: 'what', type: 'character' }],
    outputParameterDefinitions: [
      { name: 'pid', type: 'integer' },
      { name: 'parent', type: 'integer' },
    ],
  });
  await publish(server, 'Bystander/1', {
    code: 'x = 1',
    outputParameterDefinitions: [{ name: 'x', type: 'integer' }],
  });
});
afterAll(() => server.close());

async function call(what: string) {
  const answer = await server.request('POST', '/api/Obey/1', { json: { what } });
  return { status: answer.status, headers: answer.headers, ...answer.json<CallFailure>() };
}

async function pidOf(what = ''): Promise<number> {
  const { outputParameters } = await consume(server, 'Obey/1', { what });
  return outputParameters.pid as number;
}

describe('a call that brings its worker down', () => {
  it.each([
    ['exit', 'exited with status 7'],
    ['kill', 'was killed by SIGKILL'],
    ['segfault', 'was killed by SIGSEGV'],
  ])('by %s is a 500 that says so with its request id', async (what, reason) => {
    const failure = await call(what);
    expect([failure.status, failure.exceptionType]).toEqual([500, 'SERVICE_CRASHED']);
    expect(failure.message).toContain(reason);
    expect(failure.message).toContain(failure.headers.get('x-request-id') ?? 'no id');
    expect(await pidOf()).toBeGreaterThan(0);
  });

  it('harms no call of the same service: those behind it run in another worker', async () => {
    // All of both services are there again: with one alone a slow machine has no room for all.
    const load = () => server.server.context.services.load();
    await expect.poll(load).toMatchObject({ workers: 4, running: 0, waiting: 0 });
    // The queue is shorter than what is sent, so that calls also wait inside of the workers.
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => call(index === 0 ? 'exit' : '')),
    );
    expect(answers.map(({ status }) => status)).toEqual([500, 200, 200, 200, 200, 200]);
  });

  it('is followed by a new worker each time', async () => {
    for (let round = 0; round < 10; round++) expect((await call('exit')).status).toBe(500);
    expect(await pidOf()).toBeGreaterThan(0);
  });

  it('gets an answer when the code has closed the descriptors of the worker', async () => {
    const failure = await call('close');
    expect(failure.status).toBe(500);
    expect(await pidOf()).toBeGreaterThan(0);
  });
});

describe('a call that takes too long', () => {
  it.each(['loop', 'hang'])(
    'by %s ends with its worker, and says how to change the limit',
    async (what) => {
      const start = performance.now();
      const failure = await call(what);
      expect(performance.now() - start).toBeLessThan(TIMEOUT * 1000 + 1000);
      expect([failure.status, failure.exceptionType]).toEqual([500, 'SERVICE_TIMEOUT']);
      expect(failure.message).toContain('serviceTimeout');
      expect(failure.message).toContain(failure.headers.get('x-request-id') ?? 'no id');
    },
  );

  it('lets other services and the other worker go on meanwhile', async () => {
    const slow = call('loop');
    for (let round = 0; round < 5; round++) {
      expect((await consume(server, 'Bystander/1')).outputParameters).toEqual({ x: 1 });
    }
    expect((await slow).status).toBe(500);
  });

  it('takes the processes that it started with it', async () => {
    // The data directory is hidden from services.
    const file = `${server.dataDirectory}-child.pid`;
    onTestFinished(() => rm(file, { force: true }));
    expect((await call(file)).status).toBe(500);
    const child = Number(await readFile(file, 'utf8'));
    await expect.poll(() => isRunning(child)).toBe(false);
  });
});

describe('more calls than a service takes', () => {
  it('are refused with 503 and Retry-After, and the others are answered', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('sleep')));
    const refused = answers.filter(({ status }) => status === 503);
    const answered = answers.filter(({ status }) => status === 200);
    expect(refused.length).toBeGreaterThan(0);
    expect(answered.length).toBeGreaterThanOrEqual(QUEUE);
    expect(refused.length + answered.length).toBe(20);
    expect(refused[0]?.exceptionType).toBe('SERVICE_BUSY');
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    expect(await pidOf()).toBeGreaterThan(0);
  });

  it('run in all workers', async () => {
    const pids = await Promise.all(Array.from({ length: 4 }, () => pidOf('sleep')));
    expect(new Set(pids).size).toBe(2);
  });
});

describe('the process that workers are forked from', () => {
  it('is replaced when it dies, with its workers', async () => {
    const host = await hostOf();
    process.kill(host, 'SIGKILL');
    // Until its workers have noticed, they may still answer: as orphans, or in its name.
    const parent = () => hostOf().catch((_stillDown: Error) => 0);
    await expect
      .poll(parent, { timeout: 20_000, interval: 50 })
      .toSatisfy((pid) => pid !== host && pid > 1);
  });

  it('has workers that are processes of their own where a library has started a thread', async () => {
    const snapshotId = await snapshotOf(
      server,
      [
        "with open('threaded.py', 'w') as f:",
        "    _ = f.write('import threading, time\\nthreading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\\nvalue = 5\\n')",
        'import threaded',
      ].join('\n'),
    );
    const answer = await tryPublish(server, 'Threaded/1', {
      code: "import sys\nx, is_forked = threaded.value, '--worker' not in sys.argv",
      snapshotId,
      outputParameterDefinitions: [
        { name: 'x', type: 'integer' },
        { name: 'is_forked', type: 'logical' },
      ],
    });
    expect([answer.status, answer.text]).toEqual([201, '"1"']);
    const { errorMessage, outputParameters } = await consume(server, 'Threaded/1');
    expect([errorMessage, outputParameters]).toEqual(['', { x: 5, is_forked: false }]);
  });
});

it('closing the server ends all workers and removes their directories', async () => {
  const own = await startTestServer({ serviceWorkers: 2 });
  const work = join(own.dataDirectory, 'work');
  try {
    await publish(own, 'Pid/1', {
      code: 'import os; pid = os.getpid()',
      outputParameterDefinitions: [{ name: 'pid', type: 'integer' }],
    });
    const { pid } = (await consume(own, 'Pid/1')).outputParameters as { pid: number };
    expect(isRunning(pid)).toBe(true);
    expect(await readdir(work)).toHaveLength(1);
    await own.server.close();
    expect(isRunning(pid)).toBe(false);
    expect(await readdir(work)).toEqual([]);
  } finally {
    await own.close();
  }
});

async function hostOf(): Promise<number> {
  const { outputParameters } = await consume(server, 'Obey/1', { what: '' });
  return outputParameters.parent as number;
}

/** A process that has ended but was not waited for has no open files any more. */
function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}/fd/0`);
}
