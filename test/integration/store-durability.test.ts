import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  ExecuteResponse,
  Snapshot,
  WebService,
  WebServiceResult,
} from '../../src/api/index.js';
import { cliEnvironment, type ServerProcess, startServerProcess } from '../support/cli.js';
import { type RequestOptions, send } from '../support/server.js';

/** A client of a server process, logged in as its runtime file says. */
async function connect(server: ServerProcess) {
  const { url, username, password } = server.runtime;
  const login = await send(url, null, 'POST', '/login', { json: { username, password } });
  const { access_token } = login.json<{ access_token: string }>();
  return async (status: number, method: string, path: string, options?: RequestOptions) => {
    const answer = await send(url, access_token, method, path, options);
    expect(answer.status, `${method} ${path}: ${answer.text.slice(0, 500)}`).toBe(status);
    return answer;
  };
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') {
      return false;
    }
    throw error;
  }
};

describe('a server that is killed with -9', () => {
  let home: string;
  let env: NodeJS.ProcessEnv;
  let server: ServerProcess;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'slipway-killed-'));
    env = cliEnvironment(home, { SLIPWAY_SESSION_PATIENCE: '1' });
    server = await startServerProcess(home, env);
  });
  afterEach(async () => {
    await server.end('SIGKILL');
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  });

  async function killAndStartAgain(): Promise<void> {
    await server.end('SIGKILL');
    server = await startServerProcess(home, env);
  }

  it('has every snapshot and service that it acknowledged when it is started again', async () => {
    const request = await connect(server);
    const created = await request(201, 'POST', '/sessions', { json: { runtimeType: 'Python' } });
    const session = `/sessions/${created.json<{ sessionId: string }>().sessionId}`;
    await request(200, 'POST', `${session}/execute`, {
      json: { code: 'model = {"factor": 3}\nopen("notes.txt", "w").write("kept")' },
    });
    const saved = await request(201, 'POST', `${session}/snapshot`, { json: { name: 'kept' } });
    const { snapshotId } = saved.json<{ snapshotId: string }>();
    const listed = (await request(200, 'GET', '/snapshots')).json<Snapshot[]>();
    await request(201, 'POST', '/services/Triple/1.0', {
      json: {
        code: 'y = x * model["factor"]',
        snapshotId,
        runtimeType: 'Python',
        inputParameterDefinitions: [{ name: 'x', type: 'numeric' }],
        outputParameterDefinitions: [{ name: 'y', type: 'numeric' }],
      },
    });
    await killAndStartAgain();

    const again = await connect(server);
    expect((await again(200, 'GET', '/snapshots')).json()).toEqual(listed);
    const zip = await again(200, 'GET', `/snapshots/${snapshotId}`);
    expect(zip.bytes.length).toBe(listed[0]?.contentSize);
    const [service] = (await again(200, 'GET', '/services/Triple/1.0')).json<WebService[]>();
    expect(service).toMatchObject({ versionPublishedBy: 'admin', snapshotId });
    const consumed = await again(200, 'POST', '/api/Triple/1.0', { json: { x: 14 } });
    expect(consumed.json<WebServiceResult>()).toMatchObject({
      success: true,
      outputParameters: { y: 42 },
    });
  });

  it('leaves no Python process behind for longer than sessions are to wait', async () => {
    const request = await connect(server);
    const created = await request(201, 'POST', '/sessions', { json: { runtimeType: 'Python' } });
    const session = `/sessions/${created.json<{ sessionId: string }>().sessionId}`;
    const answer = await request(200, 'POST', `${session}/execute`, {
      json: { code: 'import os\npid = os.getpid()', outputParameters: ['pid'] },
    });
    const pid = answer.json<ExecuteResponse>().outputParameters[0]?.value as number;
    expect(isAlive(pid)).toBe(true);
    await server.end('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  });

  it('can be started again at once, although its files still say that it runs', async () => {
    const killed = server.runtime.pid;
    await killAndStartAgain();
    expect(server.runtime.pid).not.toBe(killed);
    const request = await connect(server);
    await request(200, 'GET', '/status');
  });
});

describe('a server that is asked to stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s ends within five seconds with code 0, cells running',
    async (signal) => {
      const home = await mkdtemp(join(tmpdir(), 'slipway-stopped-'));
      const server = await startServerProcess(
        home,
        cliEnvironment(home, { SLIPWAY_SESSION_PATIENCE: '1' }),
      );
      try {
        const request = await connect(server);
        const created = await request(201, 'POST', '/sessions', {
          json: { runtimeType: 'Python' },
        });
        const session = `/sessions/${created.json<{ sessionId: string }>().sessionId}`;
        // The server ends while it waits for this answer, which may then never come.
        const running = request(200, 'POST', `${session}/execute`, {
          json: { code: 'print("on")\nwhile True: pass' },
        }).catch((error: unknown) => error);
        await expect
          .poll(async () => (await request(200, 'GET', `${session}/console-output`)).text, {
            timeout: 20_000,
          })
          .toContain('on\\n');
        const begin = performance.now();
        expect(await server.end(signal)).toBe(0);
        expect(performance.now() - begin).toBeLessThan(5000);
        await running;
      } finally {
        await server.end('SIGKILL');
        await rm(home, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  );
});
