import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SessionDetails } from '../../src/api/index.js';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import {
  type Exchange,
  type KernelProcess,
  startKernel,
  startOrphanedKernel,
  within,
} from '../support/kernel.js';

let server: EmbeddedServer;
const kernels: KernelProcess[] = [];

beforeAll(async () => {
  server = await startEmbeddedServer();
});
afterEach(async () => {
  for (const kernel of kernels.splice(0)) await kernel.stop();
});
afterAll(async () => server?.stop());

async function start(env: NodeJS.ProcessEnv = server.env): Promise<KernelProcess> {
  const kernel = await startKernel(env);
  kernels.push(kernel);
  return kernel;
}

const sessions = async () => (await server.call('GET', '/sessions')) as { id: string }[];

/** The process id of the session, told by its Python. */
async function sessionProcess(kernel: KernelProcess): Promise<number> {
  const { published } = await kernel.client.execute('import os; print(os.getpid())');
  return Number(published.find(({ type }) => type === 'stream')?.content.text);
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
};

const textOf = ({ published }: Exchange, name: string) =>
  published
    .filter(({ type, content }) => type === 'stream' && content.name === name)
    .map(({ content }) => content.text)
    .join('');

describe('the end of a kernel', () => {
  it.each([false, true])(
    'shutdown_request (restart: %s) is answered, copied on iopub, and leaves neither process nor session',
    async (restart) => {
      const kernel = await start();
      const session = await sessionProcess(kernel);
      const { reply, published } = await kernel.client.request(
        'shutdown_request',
        { restart },
        { channel: 'control' },
      );
      expect(reply.content).toEqual({ status: 'ok', restart });
      expect(published.find(({ type }) => type === 'shutdown_reply')?.content).toEqual(
        reply.content,
      );
      expect(await within(kernel.ended, 'the end of the kernel', 2500)).toBe(0);
      expect(isAlive(session)).toBe(false);
      expect(await sessions()).toEqual([]);
    },
  );

  it('an interrupt before the shutdown, as clients send, changes nothing', async () => {
    const kernel = await start();
    const session = await sessionProcess(kernel);
    await kernel.client.sendCell('import time\nwhile True: time.sleep(1)');
    for (let again = 0; again < 2; again++) {
      await kernel.client.request('interrupt_request', {}, { channel: 'control' });
    }
    const content = { restart: false };
    const { reply } = await kernel.client.request('shutdown_request', content, {
      channel: 'control',
    });
    expect(reply.content).toEqual({ status: 'ok', restart: false });
    expect(await within(kernel.ended, 'the end of the kernel', 2500)).toBe(0);
    expect(isAlive(session)).toBe(false);
  });

  it('SIGTERM leaves neither process nor session, even while a cell runs', async () => {
    const kernel = await start();
    const session = await sessionProcess(kernel);
    await kernel.client.sendCell('import time\nwhile True: time.sleep(1)');
    kernel.child.kill('SIGTERM');
    expect(await within(kernel.ended, 'the end of the kernel', 2500), kernel.stderr).toBe(0);
    expect(isAlive(session)).toBe(false);
    expect(await sessions()).toEqual([]);
  });

  it('shutdown_request frees the session within two seconds, even while a cell computes', async () => {
    const kernel = await start();
    const session = await sessionProcess(kernel);
    const cell = await kernel.client.sendCell('while True: pass');
    await kernel.client.next(
      ({ parent, type }) => parent.msg_id === cell && type === 'execute_input',
    );
    await kernel.client.request('shutdown_request', { restart: false }, { channel: 'control' });
    expect(await within(kernel.ended, 'the end of the kernel', 2500)).toBe(0);
    expect(isAlive(session)).toBe(false);
    expect(await sessions()).toEqual([]);
  });

  it('by SIGKILL leaves the session to its lease, which frees it', async () => {
    const kernel = await start();
    const session = await sessionProcess(kernel);
    const [listed] = await sessions();
    await server.call('PUT', `/sessions/${listed?.id}/lease`, { seconds: 1 });
    kernel.child.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(session)).toBe(false), { timeout: 10_000 });
    await vi.waitFor(async () => expect(await sessions()).toEqual([]), { timeout: 5000 });
  });

  it('a shutdown while the session is still being started ends it too', async () => {
    const kernel = await start();
    await kernel.client.request('shutdown_request', { restart: false }, { channel: 'control' });
    expect(await within(kernel.ended, 'the end of the kernel', 2500)).toBe(0);
    expect(await sessions()).toEqual([]);
  });
});

describe('a restart', () => {
  /** Ends a kernel that is to be restarted. */
  const end = async (kernel: KernelProcess) => {
    await kernel.client.request('shutdown_request', { restart: true }, { channel: 'control' });
    expect(await within(kernel.ended, 'the end of the kernel', 5000), kernel.stderr).toBe(0);
    kernels.splice(kernels.indexOf(kernel), 1);
    await kernel.stop();
  };
  /** Starts the next one as Jupyter does: another process, on the same connection. */
  const startNext = async ({ connection }: KernelProcess) => {
    const next = await startKernel(server.env, connection);
    kernels.push(next);
    return next;
  };

  it('keeps the files and the name of the session, and no variable', async () => {
    const kernel = await start();
    const made = await kernel.client.execute(
      '%session new training\nimport os, pathlib\nos.makedirs("data")\npathlib.Path("data/a.txt").write_text("kept")\ngone = 1',
    );
    expect(made.reply.content.status).toBe('ok');
    const [before] = (await server.call('GET', '/sessions/details')) as SessionDetails[];
    await end(kernel);
    const next = await startNext(kernel);
    const look = await next.client.execute(
      'print("gone" in globals(), "pathlib" in globals(), open("data/a.txt").read())',
    );
    expect(textOf(look, 'stdout')).toBe('False False kept\n');
    expect(textOf(look, 'stderr')).toBe('');
    expect(look.reply.content.execution_count).toBe(1);
    const all = (await server.call('GET', '/sessions/details')) as SessionDetails[];
    expect(all).toMatchObject([{ name: 'training', attached: [{}], lease: 60 }]);
    expect(all[0]?.id).not.toBe(before?.id);
    await next.stop();
    expect(await sessions()).toEqual([]);
  });

  it('that no kernel follows leaves the files to a lease', async () => {
    const kernel = await start();
    await kernel.client.execute('open("a.txt", "w").write("x")');
    await end(kernel);
    const [left] = (await server.call('GET', '/sessions/details')) as SessionDetails[];
    expect(left).toMatchObject({ attached: [], lease: 60 });
    expect(left?.leaseLeft).toBeLessThanOrEqual(60);
    await server.call('DELETE', `/sessions/${left?.id}`);
  });

  it('into a session that has gone meanwhile starts a fresh one', async () => {
    const kernel = await start();
    await kernel.client.execute('open("a.txt", "w").write("x")');
    await end(kernel);
    const [left] = await sessions();
    await server.call('DELETE', `/sessions/${left?.id}/force`);
    const next = await startNext(kernel);
    const look = await next.client.execute('import os; print(os.listdir())');
    expect(textOf(look, 'stdout')).toBe('[]\n');
  });
});

describe('the end of Jupyter', () => {
  it('leaves a kernel that has something to report at rest', async () => {
    const kernel = await start();
    kernel.child.stderr?.destroy();
    // What is no message is reported.
    for (let count = 0; count < 3; count++) {
      await kernel.client.sendFrames('shell', [Buffer.from('no message')]);
    }
    const { reply } = await kernel.client.execute('1');
    expect(reply.content.status).toBe('ok');
    await kernel.stop();
    expect(await kernel.ended).toBe(0);
  });

  it('ends the kernel and its session, though no signal tells of it', async () => {
    const { pid, stop } = await startOrphanedKernel(server.env);
    try {
      await vi.waitFor(async () => expect(await sessions()).toHaveLength(1), { timeout: 5000 });
      stop();
      await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5000 });
      expect(await sessions()).toEqual([]);
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  });
});

describe('the end of a session', () => {
  it('fails the running cell with one error that says what happened, and nothing hangs', async () => {
    const kernel = await start();
    const session = await sessionProcess(kernel);
    const cell = await kernel.client.sendCell('import time\ntime.sleep(60)');
    await kernel.client.next(
      ({ parent, type }) => parent.msg_id === cell && type === 'execute_input',
    );
    process.kill(session, 'SIGKILL');
    const { reply, published } = await kernel.client.exchange(cell);
    expect(reply.content).toMatchObject({ status: 'error', ename: 'SessionEnded' });
    expect(reply.content.evalue).toContain('The next cell starts a fresh session');
    expect(published.filter(({ type }) => type === 'error')).toHaveLength(1);
  });

  it('gives the next cell a fresh session, and says so in one sentence', async () => {
    const kernel = await start();
    await kernel.client.execute('old = 1');
    const { reply } = await kernel.client.execute('import os; os._exit(3)');
    expect(reply.content.ename).toBe('SessionEnded');
    const next = await kernel.client.execute('"old" in globals()');
    expect(next.reply.content.status).toBe('ok');
    expect(textOf(next, 'stderr')).toMatch(/^[^\n]*fresh session[^\n]*\n$/);
    expect(next.published.find(({ type }) => type === 'execute_result')?.content.data).toEqual({
      'text/plain': 'False',
    });
    expect(textOf(await kernel.client.execute('1'), 'stderr')).toBe('');
  });

  it('names the way back to what was saved of it, at once and on the next cell', async () => {
    const kernel = await start();
    const saved = await kernel.client.execute('kept = 1\n%snapshot "Half way"');
    expect(saved.reply.content.status).toBe('ok');
    const wayBack =
      /%session new --snapshot "Half way" brings back what .* holds, as of \d+:\d\d\./;
    const { reply } = await kernel.client.execute('import os; os._exit(3)');
    expect(reply.content.evalue).toMatch(wayBack);
    const next = await kernel.client.execute('"kept" in globals()');
    expect(textOf(next, 'stderr')).toMatch(wayBack);
    const back = await kernel.client.execute('%session new --snapshot "Half way"\nkept');
    expect(back.published.find(({ type }) => type === 'execute_result')?.content.data).toEqual({
      'text/plain': '1',
    });
    await kernel.client.execute('%snapshot delete "Half way"');
    const { reply: after } = await kernel.client.execute('import os; os._exit(3)');
    expect(after.content.evalue).not.toContain('brings back');
  });

  it('is noticed between cells as well', async () => {
    const kernel = await start();
    const session = await sessionProcess(kernel);
    process.kill(session, 'SIGKILL');
    const { reply } = await kernel.client.request('kernel_info_request', {});
    expect(reply.content.status).toBe('ok');
    const next = await kernel.client.execute('40 + 2');
    expect(['ok', 'error']).toContain(next.reply.content.status);
    expect((await kernel.client.execute('40 + 2')).reply.content.status).toBe('ok');
  });
});

describe('another session', () => {
  const create = async () => {
    const body = { name: 'other', runtimeType: 'Python' };
    return (await server.call('POST', '/sessions', body)) as { sessionId: string };
  };
  const ids = async () => (await sessions()).map(({ id }) => id);

  it('that the kernel attached to outlives it, and its own is closed', async () => {
    const kernel = await start();
    await kernel.client.execute('mine = 1');
    const { sessionId } = await create();
    const { reply } = await kernel.client.execute(`%session attach ${sessionId}\ntheirs = 2`);
    expect(reply.content.status).toBe('ok');
    const look = await kernel.client.execute('("mine" in globals(), theirs)');
    expect(look.published.find(({ type }) => type === 'execute_result')?.content.data).toEqual({
      'text/plain': '(False, 2)',
    });
    expect(await ids()).toEqual([sessionId]);
    await kernel.stop();
    expect(await ids()).toEqual([sessionId]);
    await server.call('DELETE', `/sessions/${sessionId}`);
  });

  it('that another notebook is attached to outlives the kernel that started it', async () => {
    const owner = await start();
    await owner.client.execute('shared = 42');
    const [session] = await ids();
    const guest = await start();
    await guest.client.execute(`%session attach ${session?.slice(0, 8)}`);
    const listed = await guest.client.execute('%session list');
    const shown = listed.published.find(({ type }) => type === 'display_data');
    const [row] = shown?.content.data['application/vnd.slipway.result+json'] ?? [];
    expect(row).toMatchObject({ id: session, state: 'idle', leaseLeft: null, current: true });
    expect(row.attached).toHaveLength(2);
    await owner.stop();
    const look = await guest.client.execute('shared');
    expect(look.published.find(({ type }) => type === 'execute_result')?.content.data).toEqual({
      'text/plain': '42',
    });
    await guest.stop();
    expect(await ids()).toEqual([session]);
    await server.call('DELETE', `/sessions/${session}`);
  });

  it('that another notebook is attached to takes its comms while a cell runs', async () => {
    const owner = await start();
    const comm_id = 'shared-comm';
    await owner.client.execute(
      [
        'import time',
        'from ipykernel.comm import Comm',
        `value, shared = 0, Comm("shared", comm_id="${comm_id}")`,
        '@shared.on_msg',
        'def changed(message):',
        '    global value',
        '    value = message["content"]["data"]["value"]',
        '    shared.send({"seen": value})',
      ].join('\n'),
    );
    const [session] = await ids();
    const guest = await start();
    await guest.client.execute(`%session attach ${session?.slice(0, 8)}`);
    const cell = await owner.client.sendCell(
      'print("begun", flush=True)\nwhile value != 7: time.sleep(0.01)',
    );
    await owner.client.next(({ parent, type }) => parent.msg_id === cell && type === 'stream');
    const moved = await guest.client.send('comm_msg', { comm_id, data: { value: 7 } });
    await guest.client.idle(moved);
    const answer = guest.client.publishedFor(moved).find(({ type }) => type === 'comm_msg');
    expect(answer?.content.data).toEqual({ seen: 7 });
    expect((await owner.client.exchange(cell)).reply.content.status).toBe('ok');
    await guest.stop();
    await owner.stop();
    for (const id of await ids()) await server.call('DELETE', `/sessions/${id}`);
  });

  it('is not what attaching to the kernel’s own one gives: nothing changes', async () => {
    const kernel = await start();
    await kernel.client.execute('mine = 1');
    const [session] = await ids();
    const { reply } = await kernel.client.execute(`%session attach ${session}\nmine`);
    expect(reply.content.status).toBe('ok');
    await kernel.stop();
    expect(await ids()).toEqual([]);
  });

  it('that is kept outlives its kernel, restarted or ended, and can be attached again', async () => {
    const kernel = await start();
    const { reply } = await kernel.client.execute('%session new training --lease 2h\nepoch = 7');
    expect(reply.content.status).toBe('ok');
    await kernel.client.request('shutdown_request', { restart: true }, { channel: 'control' });
    await within(kernel.ended, 'the end of the kernel', 5000);
    // The server hears of the end of the kernel's connection when it comes to it.
    await vi.waitFor(async () => {
      const [details] = (await server.call('GET', '/sessions/details')) as SessionDetails[];
      expect(details).toMatchObject({ name: 'training', attached: [], lease: 7200 });
      expect(details?.leaseLeft).toBeGreaterThan(7000);
    });
    const next = await start();
    const look = await next.client.execute('%session attach training\nepoch');
    expect(look.published.find(({ type }) => type === 'execute_result')?.content.data).toEqual({
      'text/plain': '7',
    });
    expect((await next.client.execute('%session close training')).reply.content.status).toBe('ok');
    expect(await ids()).toEqual([]);
  });

  it('that does not exist is refused, and the kernel keeps its own', async () => {
    const kernel = await start();
    await kernel.client.execute('mine = 1');
    const { reply } = await kernel.client.execute('%session attach 12345');
    expect(reply.content.status).toBe('error');
    expect((await kernel.client.execute('mine')).reply.content.status).toBe('ok');
  });

  it('is started by the next cell after the kernel’s was closed, without alarm', async () => {
    const kernel = await start();
    await kernel.client.execute('mine = 1');
    expect((await kernel.client.execute('%session close')).reply.content.status).toBe('ok');
    const next = await kernel.client.execute('"mine" in globals()');
    expect(next.reply.content.status).toBe('ok');
    expect(textOf(next, 'stderr')).toBe('');
    expect(await sessions()).toHaveLength(1);
  });

  it('goes on counting cells where the one before was', async () => {
    const kernel = await start();
    const number = async (code: string) =>
      (await kernel.client.execute(code)).reply.content.execution_count;
    expect(await number('1')).toBe(1);
    expect(await number('%session new\nx = 1')).toBe(2);
    expect(await number('x')).toBe(3);
    expect(await number('import os; os._exit(3)')).toBe(4);
    expect(await number('In[5], Out')).toBe(5);
    expect(await number('%session close')).toBe(6);
    const { published } = await kernel.client.execute('In[7]');
    const result = published.find(({ type }) => type === 'execute_result')?.content;
    expect(result).toMatchObject({ execution_count: 7, data: { 'text/plain': "'In[7]'" } });
  });
});

describe('the loss of the server', () => {
  const isGone = ({ url }: EmbeddedServer) =>
    vi.waitFor(() => expect(fetch(url)).rejects.toThrow(), { timeout: 5000 });

  it('is mended by the kernel: the running cell goes on, and the next one has its variables', async () => {
    const own = await startEmbeddedServer();
    try {
      const kernel = await start(own.env);
      const cell = await kernel.client.sendCell(
        'import time\nprint("before", flush=True)\ntime.sleep(3)\nprint("after")\nx = 41',
      );
      await kernel.client.next(({ parent, type }) => parent.msg_id === cell && type === 'stream');
      process.kill(own.pid, 'SIGKILL');
      const exchange = await kernel.client.exchange(cell);
      expect(exchange.reply.content.status).toBe('ok');
      expect(textOf(exchange, 'stdout')).toBe('before\nafter\n');
      const next = await kernel.client.execute('x + 1');
      expect(next.reply.content).toMatchObject({ status: 'ok', execution_count: 2 });
      expect(textOf(next, 'stderr')).toBe('');
      await kernel.stop();
    } finally {
      await own.stop();
    }
  });

  it('does not make a kernel that ends start another server', async () => {
    const own = await startEmbeddedServer();
    try {
      const kernel = await start(own.env);
      await kernel.client.execute('1');
      // As "slipway server stop" does: this ends the sessions too.
      process.kill(own.pid, 'SIGINT');
      await isGone(own);
      await kernel.stop();
      expect(await kernel.ended).toBe(0);
      expect(existsSync(join(own.home, 'runtime.json'))).toBe(false);
    } finally {
      await rm(own.home, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
