import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cliEnvironment, runCli, startServerProcess } from '../support/cli.js';
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
