import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliEnvironment, runCli, type ServerProcess, startServerProcess } from '../support/cli.js';
import { send } from '../support/server.js';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-cli-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const login = (url: string, username: string, password: string) =>
  send(url, null, 'POST', '/login', { json: { username, password } });

describe('slipway server', () => {
  let home: string;
  let env: NodeJS.ProcessEnv;
  let server: ServerProcess;
  beforeAll(async () => {
    home = join(base, 'server');
    env = cliEnvironment(home, { SLIPWAY_LOG_LEVEL: 'trace' });
    server = await startServerProcess(home, env);
  });
  afterAll(() => server.end('SIGKILL'));

  it('tells its owner alone where it is and how to log in', async () => {
    const { url, username, password, pid, startedAt, version } = server.runtime;
    expect((await stat(join(home, 'runtime.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    expect(pid).toBe(server.child.pid);
    expect(new Date(startedAt).toISOString()).toBe(startedAt);
    expect(version).toMatch(/^\d+\.\d+\.\d+/);
    expect((await login(url, username, password)).status).toBe(200);
  });

  it('listens on this machine alone', () => {
    expect(new URL(server.runtime.url).hostname).toBe('127.0.0.1');
  });

  it('shows its state', async () => {
    const { stdout, exitCode } = await runCli(['server', 'status'], env);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(server.runtime.url);
    expect(stdout).toContain(String(server.runtime.pid));
  });

  it('gives out a token, alone or as a header line for curl', async () => {
    const token = (await runCli(['token'], env)).stdout.trim();
    expect((await send(server.runtime.url, token, 'GET', '/status')).status).toBe(200);
    const header = (await runCli(['token', '--header'], env)).stdout;
    expect(header).toMatch(/^Authorization: Bearer \S+\n$/);
  });

  it('keeps a second server off its data directory, with exit code 3 and a sentence', async () => {
    const { stderr, exitCode } = await runCli(['server', 'run'], env);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^slipway: Another Slipway server uses the data directory .*\n$/);
  });

  it('writes no password and no token to its log, at any level', async () => {
    const { url, username, password } = server.runtime;
    const first = await login(url, username, password);
    const tokens = first.json<{ access_token: string; refresh_token: string }>();
    await login(url, 'ada', 'a secret that is wrong');
    const renewed = await send(url, null, 'POST', '/login/refreshToken', {
      json: { refreshToken: tokens.refresh_token },
    });
    const next = renewed.json<{ access_token: string; refresh_token: string }>();
    const inPath = encodeURIComponent(next.refresh_token);
    await send(url, next.access_token, 'DELETE', `/login/refreshToken/${inPath}`);
    await send(url, null, 'PUT', `/Login/RefreshToken/${inPath}`);
    await send(url, null, 'POST', '/login', { body: '{"password":"a secret in no JSON"' });
    await send(url, null, 'GET', `/status?access_token=${next.access_token}`);
    const output = server.output();
    expect(output).toContain('"path":"/login"');
    expect(output).toContain('"path":"/login/refreshToken/[redacted]"');
    const secrets = [
      password,
      'a secret',
      ...Object.values(tokens),
      ...Object.values(next),
      inPath,
    ].filter((secret) => typeof secret === 'string' && secret !== 'Bearer');
    for (const secret of secrets) {
      expect(output).not.toContain(secret);
    }
  });

  it('stops on request in good order, and takes its files away', async () => {
    const ended = new Promise((resolve) => server.child.once('exit', resolve));
    const { stdout, exitCode } = await runCli(['server', 'stop'], env);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(server.runtime.url);
    expect(await ended).toBe(0);
    await expect(stat(join(home, 'runtime.json'))).rejects.toThrow('ENOENT');
    const status = await runCli(['server', 'status'], env);
    expect(status.exitCode).toBe(1);
    expect(status.stdout).toContain('No server runs');
  });

  it('stopped twice says that none runs', async () => {
    const { stdout, exitCode } = await runCli(['server', 'stop'], env);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('No server runs');
  });
});

describe('slipway server run', () => {
  it('ends with exit code 4 and names SLIPWAY_PORT when the port is taken', async () => {
    const other = createTcpServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = other.address() as { port: number };
      const env = cliEnvironment(join(base, 'port'), { SLIPWAY_PORT: String(port) });
      const { stderr, exitCode } = await runCli(['server', 'run', '--embedded'], env);
      expect(exitCode).toBe(4);
      expect(stderr).toContain(`Port ${port}`);
      expect(stderr).toContain('SLIPWAY_PORT');
    } finally {
      other.close();
    }
  });

  it.each([
    [['--port', 'x'], /--port says "x" .* must be a port from 0 to 65535/],
    [['--python', '/nowhere/python'], /no Python interpreter at \/nowhere\/python/],
    [['--nonsense'], /unknown option '--nonsense'/],
  ])('says what is wrong with %j', async (args, sentence) => {
    const env = cliEnvironment(join(base, 'wrong'));
    const { stderr, exitCode } = await runCli(['server', 'run', ...args], env);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('    at ');
  });
});

describe('slipway token', () => {
  it('says what to do when no server runs', async () => {
    const { stdout, stderr, exitCode } = await runCli(
      ['token'],
      cliEnvironment(join(base, 'none')),
    );
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('Open a notebook with the Slipway kernel');
  });
});

describe('slipway user', () => {
  it.each([
    ['list', []],
    ['role', ['ana', 'Reader']],
    ['remove', ['ana']],
  ])('%s leaves a folder alone that is no data directory', async (command, operands) => {
    const folder = await mkdtemp(join(base, 'elsewhere-'));
    await chmod(folder, 0o755);
    const args = ['user', command, ...operands, '--data', folder];
    const { stderr, exitCode } = await runCli(args, cliEnvironment(folder));
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/not the data dir.*--data/)]);
    expect(await readdir(folder)).toEqual([]);
    expect((await stat(folder)).mode & 0o777).toBe(0o755);
  });
});

describe('slipway user password', () => {
  it('sets the password that is piped in and ends earlier logins', async () => {
    const home = join(base, 'user');
    const env = cliEnvironment(home);
    const server = await startServerProcess(home, env);
    try {
      const { url, username, password } = server.runtime;
      const before = (await login(url, username, password)).json<{ refresh_token: string }>();
      const set = await runCli(['user', 'password'], env, 'a new password\n');
      expect(set).toMatchObject({ exitCode: 0, stderr: '' });
      expect((await login(url, username, password)).status).toBe(401);
      expect((await login(url, username, 'a new password')).status).toBe(200);
      const renewed = await send(url, null, 'POST', '/login/refreshToken', {
        json: { refreshToken: before.refresh_token },
      });
      expect(renewed.status).toBe(401);
    } finally {
      await server.end('SIGKILL');
    }
  });

  it.each([
    ['', /No password was piped in/],
    ['short\n', /8 to 1024 characters/],
  ])('refuses %j', async (input, sentence) => {
    const { stderr, exitCode } = await runCli(
      ['user', 'password'],
      cliEnvironment(join(base, 'user2')),
      input,
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(sentence);
  });
});
