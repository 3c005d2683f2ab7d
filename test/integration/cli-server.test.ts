import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  cliEnvironment,
  followCli,
  type RuntimeFile,
  runCli,
  startServerProcess,
} from '../support/cli.js';
import { send } from '../support/server.js';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-cli-server-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

describe('slipway server run on an address that other machines reach', () => {
  const run = (home: string, ...args: string[]) =>
    runCli(['server', 'run', '--host', '0.0.0.0', ...args], cliEnvironment(join(base, home)));

  it('is refused without TLS', async () => {
    const { stderr, exitCode } = await run('public');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^slipway: Other machines reach 0\.0\.0\.0.*--insecure-http allows it/);
  });

  it('is refused with the password that a first start made up, the first time and later', async () => {
    for (const _start of ['first', 'second']) {
      const { stderr, exitCode } = await run('made-up', '--insecure-http');
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/password that its first start made up.*slipway user password --data/);
    }
  });

  it('is refused to an embedded server', async () => {
    const { stderr, exitCode } = await run('embedded', '--embedded', '--insecure-http');
    expect(exitCode).toBe(1);
    expect(stderr).toContain("one user's own");
  });
});

describe('slipway server run with a configuration file', () => {
  it('reads the level of the log again on SIGHUP, and writes its log where it says', async () => {
    const home = join(base, 'reload');
    const file = join(base, 'server-config.json');
    const log = join(base, 'server.log');
    const configure = (level: string) =>
      writeFile(file, JSON.stringify({ logging: { level, file: log } }), { mode: 0o600 });
    await configure('error');
    const env = cliEnvironment(home, { SLIPWAY_SERVER_CONFIG: file });
    const server = await startServerProcess(home, env, 'shared');
    try {
      const { url } = server.runtime;
      expect((await send(url, null, 'GET', '/status')).status).toBe(401);
      await configure('info');
      server.child.kill('SIGHUP');
      await vi.waitFor(async () => expect(await readFile(log, 'utf8')).toContain('settings again'));
      const headers = { 'x-request-id': 'from-a-proxy:1' };
      const answer = await send(url, null, 'GET', '/sessions', { headers });
      expect(answer.headers.get('x-request-id')).toBe('from-a-proxy:1');
      await vi.waitFor(async () => expect(await readFile(log, 'utf8')).toContain('"/sessions"'));
      const text = await readFile(log, 'utf8');
      expect(text).toContain('"requestId":"from-a-proxy:1"');
      expect(text).not.toContain('"/status"');

      await writeFile(file, '{"logging": {"level": "loud"}}');
      server.child.kill('SIGHUP');
      await vi.waitFor(async () => expect(await readFile(log, 'utf8')).toContain('must be one of'));
      expect((await send(url, null, 'GET', '/health/live')).status).toBe(200);
    } finally {
      expect(await server.end('SIGTERM')).toBe(0);
    }
    expect(await readFile(log, 'utf8')).toContain('The server has stopped.');
  });
});

describe('slipway server config', () => {
  it('shows what counts and where it comes from, and no server need run', async () => {
    const home = join(base, 'config');
    const env = cliEnvironment(home, { SLIPWAY_MAX_SESSIONS: '7' });
    const shown = await runCli(['server', 'config', '--host', '::1'], env);
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toMatch(/^maxSessions +7 +environment: SLIPWAY_MAX_SESSIONS$/m);
    expect(shown.stdout).toMatch(/^host +::1 +option: --host$/m);
    const { stdout } = await runCli(['server', 'config', '--json'], env);
    expect(JSON.parse(stdout).settings).toContainEqual({
      name: 'maxSessions',
      value: 7,
      source: 'environment',
      where: 'SLIPWAY_MAX_SESSIONS',
    });
  });

  it('fails with a sentence for a configuration that a server would refuse', async () => {
    const env = cliEnvironment(join(base, 'config2'), { SLIPWAY_MAX_SESSIONS: 'many' });
    const { stderr, exitCode } = await runCli(['server', 'config'], env);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^slipway: SLIPWAY_MAX_SESSIONS says "many".*\n$/);
  });
});

describe('slipway server start', () => {
  let home: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(() => {
    home = join(base, 'background');
    env = cliEnvironment(home, { SLIPWAY_LOG_MAX_BYTES: '20000', SLIPWAY_LOG_KEEP: '9' });
  });
  afterAll(() => runCli(['server', 'stop'], env));

  const log = () => join(home, 'logs', 'server.log');
  const runtime = async () =>
    JSON.parse(await readFile(join(home, 'runtime.json'), 'utf8')) as RuntimeFile;

  it('starts a server in the background, which takes requests, and says where its log is', async () => {
    const { stdout, stderr, exitCode } = await runCli(['server', 'start'], env);
    const { url, pid } = await runtime();
    expect([exitCode, stdout]).toEqual([0, `${url}\n`]);
    expect(stderr).toBe(`It was started (process ${pid}). Its log: ${log()}\n`);
    expect((await send(url, null, 'GET', '/health/live')).status).toBe(200);
  });

  it('finds the one that runs, the second time', async () => {
    const { url, pid } = await runtime();
    const { stdout, stderr, exitCode } = await runCli(['server', 'start'], env);
    expect([exitCode, stdout]).toEqual([0, `${url}\n`]);
    expect(stderr).toContain(`It runs already (process ${pid})`);
  });

  it('has a state that programs can read', async () => {
    const { url, pid } = await runtime();
    await vi.waitFor(async () => {
      const { stdout, exitCode } = await runCli(['server', 'status', '--json'], env);
      expect(exitCode).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        state: 'ready',
        url,
        pid,
        data: home,
        log: log(),
      });
    }, 10_000);
  });

  it('shows the end of its log for people, or as it is', async () => {
    const { stdout } = await runCli(['server', 'logs'], env);
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d [\d:.]{12} info {2}The server listens\. url=http/m);
    const raw = await runCli(['server', 'logs', '-n', '1', '--json'], env);
    expect(raw.stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(raw.stdout)).toMatchObject({ level: 30 });
    const wrong = await runCli(['server', 'logs', '-n', 'x'], env);
    expect([wrong.exitCode, wrong.stderr]).toEqual([1, expect.stringContaining('give a number')]);
  });

  it('is followed across the exchange of a full log, without missing a line', async () => {
    const { url } = await runtime();
    const following = followCli(['server', 'logs', '-f', '-n', '0'], env);
    try {
      const ask = (number: number) => send(url, null, 'GET', `/sessions/number-${number}-/files`);
      // It has begun to follow when it shows what is written now.
      await vi.waitFor(async () => {
        await ask(0);
        expect(following.output()).toContain('number-0-');
      }, 10_000);
      const numbers = Array.from({ length: 200 }, (_, index) => index + 1);
      for (const number of numbers) await ask(number);
      await vi.waitFor(() => expect(following.output()).toContain('number-200-'), 10_000);
      const seen = [...following.output().matchAll(/number-(\d+)-/g)].map(([, each]) =>
        Number(each),
      );
      expect(seen.filter((number) => number > 0)).toEqual(numbers);
      expect((await stat(`${log()}.1`)).mode & 0o777).toBe(0o600);
    } finally {
      await following.end();
    }
  });

  it('is stopped, and what ended with it is told', async () => {
    const { url, username, password } = await runtime();
    const json = { username, password };
    const login = await send(url, null, 'POST', '/login', { json });
    const { access_token: token } = login.json<{ access_token: string }>();
    await send(url, token, 'POST', '/sessions', { json: { runtimeType: 'Python' } });
    const code = { runtimeType: 'Python', code: 'x = 1' };
    const published = await send(url, token, 'POST', '/services/one/1', { json: code });
    expect(published.status).toBe(201);
    const { stdout, exitCode } = await runCli(['server', 'stop'], env);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      `Stopped the server at ${url}. With it ended 1 session and the workers of 1 service version. Services and batches go on with the next start.\n`,
    );
  });

  it('has none of that left, but the log', async () => {
    const status = await runCli(['server', 'status', '--json'], env);
    expect([status.exitCode, JSON.parse(status.stdout)]).toEqual([
      1,
      { state: 'stopped', data: home },
    ]);
    expect((await runCli(['server', 'logs'], env)).stdout).toContain('The server has stopped.');
  });
});

describe('slipway server logs', () => {
  it('says where to look when there is no file', async () => {
    const home = join(base, 'no-log');
    const env = cliEnvironment(home);
    const never = await runCli(['server', 'logs'], env);
    expect([never.exitCode, never.stderr]).toEqual([1, expect.stringContaining('no server has')]);
    const server = await startServerProcess(home, env, 'shared');
    try {
      const { exitCode, stderr } = await runCli(['server', 'logs'], env);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('journalctl --unit slipway');
    } finally {
      await server.end('SIGTERM');
    }
  });
});
