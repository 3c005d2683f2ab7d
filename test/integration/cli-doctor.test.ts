import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cliEnvironment, runCli, startServerProcess } from '../support/cli.js';
import { writeBarePython } from '../support/interpreters.js';
import { python } from '../support/server.js';

interface Check {
  readonly name: string;
  readonly status: string;
  readonly detail: string;
  readonly fix?: string;
}

let base: string;
let home: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-doctor-'));
  home = join(base, 'home');
  env = cliEnvironment(home, { JUPYTER_DATA_DIR: join(base, 'jupyter') });
});
afterEach(() => rm(base, { recursive: true, force: true, maxRetries: 5 }));

/** Installs the kernel as it is after its interpreter has changed, which `kernel install` refuses. */
async function installKernel(
  interpreter: string,
  more: Record<string, string> = {},
): Promise<void> {
  const folder = join(base, 'jupyter/kernels/slipway');
  await mkdir(folder, { recursive: true });
  const argv = [process.execPath, process.execPath, '{connection_file}'];
  const entry = { argv, env: { SLIPWAY_PYTHON: interpreter, ...more } };
  await writeFile(join(folder, 'kernel.json'), JSON.stringify(entry));
}

async function examine() {
  const { stdout, stderr, exitCode } = await runCli(['doctor', '--json'], env);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
  for (const check of checks) {
    expect(check.fix !== undefined, check.name).toBe(check.status === 'failed');
  }
  return {
    ok,
    exitCode,
    stdout,
    stderr,
    named: (status: string) =>
      checks.filter((check) => check.status === status).map(({ name }) => name),
    find: (name: string) => checks.find((check) => check.name === name),
  };
}

describe('slipway doctor', () => {
  it('starts a server, runs a cell as a notebook would, and leaves no process behind', async () => {
    await installKernel(python);
    const found = await examine();
    expect(found).toMatchObject({ ok: true, exitCode: 0, stderr: '' });
    expect(found.named('ok')).toEqual([
      'Node',
      'kernelspec',
      'settings',
      'Python',
      'ipykernel',
      'cloudpickle',
      'server',
      'login',
      'isolation',
      'session',
      'cell',
    ]);
    expect(found.find('server')?.detail).toContain('started for this check');
    expect(found.find('cell')?.detail).toContain(python);
    expect(found.find('isolation')?.detail).toMatch(
      /^(bubblewrap: the data directory is hidden|none: )/,
    );
    expect((await runCli(['server', 'status'], env)).exitCode).toBe(1);
  });

  it('leaves a server that runs as it was, and prints a line for each check', async () => {
    await installKernel(python);
    const server = await startServerProcess(home, env);
    try {
      const { stdout, exitCode } = await runCli(['doctor'], env);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^ok {6}cell {8}6 \* 7 = 42 /m);
      expect(stdout).toContain('All is well.');
      expect(stdout).not.toContain(server.runtime.password);
      const status = await runCli(['server', 'status'], env);
      expect(status.stdout).toContain(String(server.runtime.pid));
    } finally {
      await server.end('SIGINT');
    }
  });

  it('says which packages an interpreter lacks, and what installs them', async () => {
    const bare = await writeBarePython(join(base, 'bare/python3'));
    await installKernel(bare);
    const found = await examine();
    expect(found).toMatchObject({ ok: false, exitCode: 1 });
    expect(found.named('failed')).toEqual(['ipykernel', 'cloudpickle']);
    expect(found.named('skipped')).toEqual(['server', 'login', 'isolation', 'session', 'cell']);
    expect(found.find('ipykernel')?.fix).toBe(`Run: ${bare} -m pip install ipykernel cloudpickle`);
  });

  it('says which files of an installed kernel are gone', async () => {
    await installKernel('/gone/python');
    const found = await examine();
    expect(found.exitCode).toBe(1);
    expect(found.named('failed')).toEqual(['kernelspec', 'Python']);
    expect(found.find('kernelspec')?.detail).toContain('/gone/python is not there any more');
    expect(found.find('kernelspec')?.fix).toContain('slipway kernel install');
  });

  it('asks a configured server instead, and tells a refused login from a lost server', async () => {
    await installKernel('/gone/python');
    const server = await startServerProcess(home, { ...env, SLIPWAY_PYTHON: python });
    const { url, username, password } = server.runtime;
    try {
      Object.assign(env, { SLIPWAY_URL: url, SLIPWAY_USER: username, SLIPWAY_PASSWORD: password });
      const accepted = await examine();
      expect(accepted.named('failed')).toEqual(['kernelspec']);
      expect(accepted.named('skipped')).toEqual(['Python', 'ipykernel', 'cloudpickle']);
      expect(accepted.stdout).not.toContain(password);
      env.SLIPWAY_PASSWORD = 'a wrong password';
      const refused = await examine();
      expect(refused.named('failed')).toEqual(['kernelspec', 'login']);
      expect(refused.find('login')?.fix).toContain('SLIPWAY_PASSWORD');
      delete env.SLIPWAY_PASSWORD;
      expect((await examine()).find('login')?.detail).toContain('no way to log in');
    } finally {
      await server.end('SIGINT');
    }
    env.SLIPWAY_PASSWORD = password;
    const lost = await examine();
    expect(lost.named('failed')).toEqual(['kernelspec', 'server']);
    expect(lost.find('server')?.detail).toContain(url);
  });

  it('asks the server that the kernel was installed for, unless the environment names another', async () => {
    await installKernel(python, { SLIPWAY_DEFAULT_URL: 'http://127.0.0.1:1' });
    env.SLIPWAY_TOKEN = 'a token';
    expect((await examine()).find('Python')?.detail).toContain('http://127.0.0.1:1');
    env.SLIPWAY_URL = 'http://127.0.0.1:2';
    const found = await examine();
    expect(found.find('Python')?.detail).toContain('http://127.0.0.1:2');
    expect(found.stdout).not.toContain('http://127.0.0.1:1');
  });

  it('shows where each setting comes from, and stops at one that is wrong', async () => {
    await installKernel(python, { SLIPWAY_DEFAULT_URL: 'http://127.0.0.1:1' });
    Object.assign(env, { SLIPWAY_USER: 'ana', SLIPWAY_PASSWORD: 'Secret-1' });
    const found = await examine();
    expect(found.find('settings')?.detail.split('\n')).toEqual([
      'url http://127.0.0.1:1 (kernelspec, SLIPWAY_DEFAULT_URL)',
      'user ana (environment, SLIPWAY_USER)',
      'password (environment, SLIPWAY_PASSWORD)',
    ]);
    expect(found.stdout).not.toContain('Secret-1');
    env.SLIPWAY_PASSWORD_FILE = '/nowhere/password';
    delete env.SLIPWAY_PASSWORD;
    const missing = await examine();
    expect(missing.find('login')).toMatchObject({
      status: 'failed',
      fix: 'Correct what SLIPWAY_PASSWORD_FILE names.',
    });
    env.SLIPWAY_CONFIG = join(base, 'none.json');
    const wrong = await examine();
    expect(wrong.named('failed')).toEqual(['settings']);
    expect(wrong.named('skipped')).toEqual(['server', 'login', 'isolation', 'session', 'cell']);
  });

  it('is followed by slipway token, which uses the same settings', async () => {
    const server = await startServerProcess(home, env);
    try {
      const { url, username, password } = server.runtime;
      const path = join(base, 'config.json');
      const settings = { servers: { work: { url, user: username, password } } };
      await writeFile(path, JSON.stringify(settings), { mode: 0o600 });
      Object.assign(env, { SLIPWAY_CONFIG: path, SLIPWAY_URL: 'work', SLIPWAY_HOME: base });
      expect((await runCli(['token'], env)).stdout).toMatch(/^eyJ/);
      await chmod(path, 0o644);
      const refused = await runCli(['token'], env);
      expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
      expect(refused.stderr).toContain(`chmod 600 '${path}'`);
    } finally {
      await server.end('SIGTERM');
    }
  });
});
