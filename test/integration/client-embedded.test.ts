import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  connectEmbedded,
  EmbeddedServerError,
  type RServerClient,
} from '../../src/client/index.js';
import { runCli, startServerProcess } from '../support/cli.js';
import { python } from '../support/server.js';

let directory: string;
let env: NodeJS.ProcessEnv;
const clients: RServerClient[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-embedded-'));
  env = { ...process.env, SLIPWAY_HOME: directory, SLIPWAY_PORT: '0', SLIPWAY_PYTHON: python };
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await kill('SIGTERM');
  await rm(directory, { recursive: true, maxRetries: 5 });
});

async function connect(): Promise<RServerClient> {
  const client = await connectEmbedded(env);
  clients.push(client);
  return client;
}

async function runningPid(): Promise<number | undefined> {
  const text = await readFile(join(directory, 'runtime.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { pid: number }).pid;
}

/** Ends the server and waits until it has gone. */
async function kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const pid = await runningPid();
  if (pid === undefined) return;
  const alive = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  if (!alive()) return;
  process.kill(pid, signal);
  while (alive()) await new Promise((resolve) => setImmediate(resolve));
}

describe('the embedded server', () => {
  it('is started when none runs, and found by the next', async () => {
    const first = await connect();
    const second = await connect();
    expect(second.url).toBe(first.url);
    await expect(second.status()).resolves.toMatchObject({ statusCode: 'pass' });
    const { mode } = await stat(join(directory, 'logs', 'server.log'));
    expect(mode & 0o077).toBe(0);
  });

  it('is one server when two kernels start at once', async () => {
    const [first, second] = await Promise.all([connect(), connect()]);
    expect(second?.url).toBe(first?.url);
    await expect(first?.sessions.list()).resolves.toEqual([]);
    await expect(second?.sessions.list()).resolves.toEqual([]);
  });

  it('is started again by a client whose server was killed', async () => {
    const client = await connect();
    const before = await runningPid();
    await kill('SIGKILL');
    await expect(client.sessions.list()).resolves.toEqual([]);
    expect(await runningPid()).not.toBe(before);
  });

  it('says why it does not start, with the end of its log', async () => {
    env.SLIPWAY_PYTHON = '/nowhere/python';
    const error = await connect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EmbeddedServerError);
    expect(String(error)).toContain('server.log');
    expect(String(error)).toContain('There is no Python interpreter at /nowhere/python');
  });

  it('leaves its place to a server that is not this user’s own, and says how to use that one', async () => {
    const shared = await startServerProcess(directory, env, 'shared');
    try {
      await expect(connect()).rejects.toMatchObject({ code: 'DATA_DIRECTORY_IN_USE' });
      const { stderr, exitCode } = await runCli(['server', 'start'], env);
      expect(stderr).toContain(`set SLIPWAY_URL=${shared.runtime.url} and how to log in`);
      expect(exitCode).toBe(3);
    } finally {
      await shared.end('SIGINT');
    }
  });
});
