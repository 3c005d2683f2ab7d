import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecuteResponse, Session } from '../../src/api/index.js';
import { connectEmbedded, RServerClient } from '../../src/client/index.js';
import { createHeader, createMessage, decodeDict, decodeHeader } from '../../src/jupyter/index.js';
import { openSession, type SessionLink } from '../../src/session/index.js';
import {
  cliEnvironment,
  runCli,
  type ServerKind,
  type ServerProcess,
  startServerProcess,
} from '../support/cli.js';
import { send } from '../support/server.js';

const SLOW_CELL = `
import time
for i in range(300):
    print(i, flush=True)
    time.sleep(0.01)
print("the end")`;

let home: string;
let env: NodeJS.ProcessEnv;
let client: RServerClient | undefined;
let started: ServerProcess[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-survival-'));
  env = cliEnvironment(home, { SLIPWAY_SESSION_PATIENCE: '60' });
  client = undefined;
  started = [];
});
afterEach(async () => {
  await client?.close();
  await runCli(['server', 'stop'], env);
  for (const server of started) await server.end('SIGKILL');
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

async function startServer(
  more: NodeJS.ProcessEnv = {},
  kind: ServerKind = 'embedded',
): Promise<ServerProcess> {
  const server = await startServerProcess(home, { ...env, ...more }, kind);
  started.push(server);
  return server;
}

async function tokenFor({ runtime }: ServerProcess): Promise<string> {
  const { url, username, password } = runtime;
  const answer = await send(url, null, 'POST', '/login', { json: { username, password } });
  return answer.json<{ access_token: string }>().access_token;
}

/** A server that is not this user's own, which nobody starts but the test. */
async function startShared(): Promise<ServerProcess> {
  const server = await startServer({}, 'shared');
  // The next one is to listen at the same address.
  env.SLIPWAY_PORT = new URL(server.runtime.url).port;
  return server;
}

function clientOf({ runtime }: ServerProcess): RServerClient {
  const { url, username, password } = runtime;
  return new RServerClient({ url, credentials: { kind: 'password', username, password } });
}

/** A notebook's link to a new session. */
async function notebook(connected: RServerClient) {
  client = connected;
  const published: { parent: unknown; text: string; type: string }[] = [];
  const waiting = new Map<string, (reply: Record<string, unknown>) => void>();
  const link: SessionLink = await openSession(connected, {
    name: 'survivor',
    onMessage: (channel, message) => {
      const parent = decodeDict(message.parentHeader, 'parent').msg_id;
      const content = decodeDict(message.content, 'content');
      if (channel === 'shell') waiting.get(String(parent))?.(content);
      else {
        const type = decodeHeader(message.header).msg_type;
        published.push({ parent, type, text: String(content.text ?? content.execution_state) });
      }
    },
  });
  return {
    link,
    published,
    /** What a cell has printed. */
    text: (id: string) =>
      published
        .filter(({ parent, type }) => parent === id && type === 'stream')
        .map(({ text }) => text)
        .join(''),
    execute(code: string): { id: string; reply: Promise<Record<string, unknown>> } {
      const header = createHeader('execute_request', 'survival', 'u');
      const reply = new Promise<Record<string, unknown>>((resolve) => {
        waiting.set(header.msg_id, resolve);
      });
      link.send('shell', createMessage(header, { code, silent: false, store_history: true }));
      return { id: header.msg_id, reply };
    },
  };
}

/** A session of a REST caller, who may go on with another server. */
async function restSession(first: ServerProcess) {
  const created = await send(first.runtime.url, await tokenFor(first), 'POST', '/sessions', {
    json: { name: 'kept', runtimeType: 'Python' },
  });
  const { sessionId } = created.json<{ sessionId: string }>();
  return {
    sessionId,
    async execute(server: ServerProcess, code: string, outputParameters: string[] = []) {
      const path = `/sessions/${sessionId}/execute`;
      const json = { code, outputParameters };
      return await send(server.runtime.url, await tokenFor(server), 'POST', path, { json });
    },
  };
}

const lines = `${Array.from({ length: 300 }, (_, index) => `${index}\n`).join('')}the end\n`;

describe('a server that is started again', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'after %s goes on with the cell that runs, whose output is complete',
    async (signal) => {
      const first = await startShared();
      const { execute, text, published, link } = await notebook(clientOf(first));
      const cell = execute(SLOW_CELL);
      await expect.poll(() => text(cell.id)).toContain('10\n');
      await first.end(signal);
      await startShared();
      expect(await cell.reply).toMatchObject({ status: 'ok' });
      expect(text(cell.id)).toBe(lines);
      const states = published.filter(
        ({ parent, type }) => parent === cell.id && type === 'status',
      );
      await expect.poll(() => states.map((state) => state.text)).toContain('busy');
      expect(await execute('i').reply).toMatchObject({ status: 'ok', execution_count: 2 });
      expect(link.isConnected).toBe(true);
    },
  );

  it('runs what was sent while there was none, once', async () => {
    const first = await startShared();
    const { execute, text } = await notebook(clientOf(first));
    expect(await execute('n = 0').reply).toMatchObject({ status: 'ok' });
    await first.end('SIGKILL');
    const cells = Array.from({ length: 20 }, () => execute('n += 1; print(n)'));
    await startShared();
    await Promise.all(cells.map(({ reply }) => reply));
    expect(cells.map(({ id }) => text(id)).join('')).toBe(
      Array.from({ length: 20 }, (_, index) => `${index + 1}\n`).join(''),
    );
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'is started by the notebook itself when it was the user’s own and ended by %s',
    async (signal) => {
      const first = await startServer();
      const { execute, text } = await notebook(await connectEmbedded(env));
      const cell = execute(SLOW_CELL);
      await expect.poll(() => text(cell.id)).toContain('10\n');
      await first.end(signal);
      expect(await cell.reply).toMatchObject({ status: 'ok' });
      expect(text(cell.id)).toBe(lines);
    },
  );

  it('knows the sessions of the one before, their names and their variables', async () => {
    const first = await startServer();
    const { sessionId, execute } = await restSession(first);
    await execute(first, 'x = 41');
    await first.end('SIGKILL');
    const second = await startServer();
    const listed = await send(second.runtime.url, await tokenFor(second), 'GET', '/sessions');
    expect(listed.json<Session[]>()).toMatchObject([{ id: sessionId, name: 'kept' }]);
    const answer = await execute(second, 'x += 1', ['x']);
    expect(answer.json<ExecuteResponse>().outputParameters).toEqual([{ name: 'x', value: 42 }]);
  });

  it('leaves them to the next when it cannot listen', async () => {
    const first = await startShared();
    const { execute } = await restSession(first);
    await execute(first, 'x = 41');
    await first.end('SIGKILL');
    const port = Number(env.SLIPWAY_PORT);
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    await expect(startShared()).rejects.toThrow('exit code 4');
    other.close();
    await once(other, 'close');
    const answer = await execute(await startShared(), 'x += 1', ['x']);
    expect(answer.json<ExecuteResponse>().outputParameters).toEqual([{ name: 'x', value: 42 }]);
  });

  it('starts though a session dies under its hands, and keeps the others', async () => {
    const first = await startServer();
    const kept = await restSession(first);
    await kept.execute(first, 'x = 41');
    const dying = await restSession(first);
    const told = await dying.execute(first, 'import os; pid = os.getpid()', ['pid']);
    const pid = told.json<ExecuteResponse>().outputParameters[0]?.value as number;
    await first.end('SIGKILL');
    process.kill(pid, 'SIGSTOP');
    const starting = startServer();
    // It listens, but says nothing; its end comes while it is waited for.
    const end = setTimeout(() => process.kill(pid, 'SIGKILL'), 1500);
    const second = await starting;
    clearTimeout(end);
    const answer = await kept.execute(second, 'x += 1', ['x']);
    expect(answer.json<ExecuteResponse>().outputParameters).toEqual([{ name: 'x', value: 42 }]);
    expect((await dying.execute(second, '1')).status).toBe(404);
  });

  it('does not wait for a session that lets nobody in, and has it back when it answers', async () => {
    const first = await startServer();
    const { execute } = await restSession(first);
    const told = await execute(first, 'import os; pid = os.getpid()', ['pid']);
    const pid = told.json<ExecuteResponse>().outputParameters[0]?.value as number;
    await first.end('SIGKILL');
    process.kill(pid, 'SIGSTOP');
    try {
      const second = await startServer();
      const early = await execute(second, '1');
      expect(early.status).toBe(503);
      expect(early.json()).toMatchObject({ exceptionType: 'SESSION_SILENT' });
      process.kill(pid, 'SIGCONT');
      await expect.poll(async () => (await execute(second, '1')).status).toBe(200);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('goes on with it after the next end too', async () => {
    const first = await startShared();
    const { execute, text } = await notebook(clientOf(first));
    const cell = execute(SLOW_CELL);
    for (const mark of ['10\n', '100\n', '200\n']) {
      await expect.poll(() => text(cell.id), { timeout: 10_000 }).toContain(mark);
      await started.at(-1)?.end('SIGKILL');
      await startShared();
    }
    expect(await cell.reply).toMatchObject({ status: 'ok' });
    expect(text(cell.id)).toBe(lines);
  });
});

describe('a server that does not come back', () => {
  it.runIf(process.platform === 'linux')(
    'leaves no session behind, not even a busy one, and its files go at the next start',
    async () => {
      const killed = await startServer({ SLIPWAY_SESSION_PATIENCE: '1' });
      const { url } = killed.runtime;
      const token = await tokenFor(killed);
      const created = await send(url, token, 'POST', '/sessions', {
        json: { runtimeType: 'Python' },
      });
      const { sessionId } = created.json<{ sessionId: string }>();
      const executed = await send(url, token, 'POST', `/sessions/${sessionId}/execute`, {
        json: {
          code: 'import os, threading\npid = os.getpid()\ndef spin():\n    while True: pass\nthreading.Thread(target=spin).start()',
          outputParameters: ['pid'],
        },
      });
      const pid = executed.json<ExecuteResponse>().outputParameters[0]?.value as number;
      await killed.end('SIGKILL');
      expect(await readdir(join(home, 'work'))).toContain(sessionId);
      await expect
        .poll(() => existsSync(`/proc/${pid}/fd/0`), { timeout: 20_000, interval: 100 })
        .toBe(false);

      const next = await startServer();
      expect(await readdir(join(home, 'work'))).not.toContain(sessionId);
      await next.end('SIGINT');
      expect(await readdir(join(home, 'work'))).toEqual([]);
    },
  );
});
