import { access, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cliEnvironment, runCli } from '../support/cli.js';
import { writeBarePython } from '../support/interpreters.js';
import { projectRoot, python } from '../support/server.js';

const ENTRY = 'kernels/slipway/kernel.json';

interface Entry {
  readonly argv: string[];
  readonly env: Record<string, string>;
  readonly kernel_protocol_version: string;
}

let base: string;
let user: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-kernel-'));
  user = join(base, 'jupyter');
  env = cliEnvironment(join(base, 'home'), { JUPYTER_DATA_DIR: user });
});
afterEach(() => rm(base, { recursive: true, force: true }));

const kernel = (...args: string[]) => runCli(['kernel', ...args], env);
const readEntry = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as Entry;

describe('slipway kernel install', () => {
  it('writes the template with the paths filled in', async () => {
    const prefix = join(base, 'prefix');
    const { exitCode } = await kernel('install', '--prefix', prefix, '--python', python);
    expect(exitCode).toBe(0);
    const entry = await readEntry(join(prefix, 'share/jupyter', ENTRY));
    expect(entry.argv).toEqual([
      process.execPath,
      join(projectRoot, 'dist/kernel/main.cjs'),
      '{connection_file}',
    ]);
    await Promise.all(entry.argv.slice(0, 2).map((path) => access(path)));
    expect(entry.env).toEqual({ SLIPWAY_PYTHON: python });
    expect(entry.kernel_protocol_version).toBe('5.5');
  });

  it('is for the user by default, where Jupyter looks', async () => {
    expect((await kernel('install')).stdout).toContain(user);
    await stat(join(user, ENTRY));
  });

  it('with --server lets sessions run there, and needs no Python here', async () => {
    env.SLIPWAY_PYTHON = '/nowhere/python';
    const { exitCode } = await kernel('install', '--server', 'rserver.example.com:12800/');
    expect(exitCode).toBe(0);
    const entry = await readEntry(join(user, ENTRY));
    expect(entry.env).toEqual({ SLIPWAY_DEFAULT_URL: 'http://rserver.example.com:12800' });
  });

  it('keeps how to log in there, but no secret', async () => {
    const options = ['--username', 'ana', '--auth', 'admin', '--credential-command', 'keys "a b"'];
    const server = ['--server', 'https://host:1', '--ca-file', 'ca.pem'];
    expect((await kernel('install', ...server, ...options)).exitCode).toBe(0);
    expect((await readEntry(join(user, ENTRY))).env).toEqual({
      SLIPWAY_DEFAULT_URL: 'https://host:1',
      SLIPWAY_DEFAULT_USER: 'ana',
      SLIPWAY_DEFAULT_AUTH: 'admin',
      SLIPWAY_DEFAULT_CA_FILE: resolve('ca.pem'),
      SLIPWAY_DEFAULT_CREDENTIAL_COMMAND: 'keys "a b"',
    });
  });

  it('keeps that one logs in at an issuer, which the server names', async () => {
    const options = ['--server', 'https://host:1', '--auth', 'aad'];
    expect((await kernel('install', ...options)).exitCode).toBe(0);
    expect((await readEntry(join(user, ENTRY))).env).toEqual({
      SLIPWAY_DEFAULT_URL: 'https://host:1',
      SLIPWAY_DEFAULT_AUTH: 'aad',
    });
  });

  it.each([
    [['--username', 'ana'], /Give --server, too/],
    [['--server', 'host', '--auth', 'kerberos'], /AUTH must be admin/],
    [['--server', 'host', '--password', 'secret'], /unknown option '--password'/],
    [['--user', '--sys-prefix'], /only one of/],
    [['--server', 'ftp://host'], /not the address of a server/],
    [['--server', 'http://ada:secret@host'], /carries no user name or password/],
    [['--python', '/nowhere/python'], /no Python interpreter at \/nowhere\/python/],
  ])('refuses %j and writes nothing', async (args, sentence) => {
    const { stderr, exitCode } = await kernel('install', ...args);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('secret');
    await expect(stat(user)).rejects.toThrow('ENOENT');
  });

  it('refuses an interpreter that sessions cannot run on, and says how to make it one', async () => {
    const bare = await writeBarePython(join(base, 'bare/python3'));
    const { stderr, exitCode } = await kernel('install', '--python', bare);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${bare} -m pip install ipykernel cloudpickle`);
  });
});

describe('slipway kernel list', () => {
  it('shows where the kernel is and what its sessions run on, the one that Jupyter takes first', async () => {
    const prefix = join(base, 'prefix');
    await kernel('install', '--prefix', prefix, '--server', 'http://host:1');
    await kernel('install');
    const { stdout } = await kernel('list', '--prefix', prefix);
    const ours = stdout.slice(0, stdout.indexOf('http://host:1') + 14);
    expect(ours).toBe(
      [
        join(user, 'kernels/slipway'),
        `  sessions  here, by ${python}`,
        join(prefix, 'share/jupyter/kernels/slipway'),
        '  server    http://host:1',
        '',
      ].join('\n'),
    );
  });

  it('tells which entries hold a secret, without showing it', async () => {
    await kernel('install', '--server', 'http://host:1');
    const path = join(user, ENTRY);
    const entry = await readEntry(path);
    const more = { SLIPWAY_PASSWORD: 'Secret-1', SLIPWAY_DEFAULT_TOKEN: 'Secret-2' };
    await writeFile(path, JSON.stringify({ ...entry, env: { ...entry.env, ...more } }));
    const { stdout } = await kernel('list');
    expect(stdout).toContain('holds SLIPWAY_PASSWORD, which others can read');
    expect(stdout).toContain('holds SLIPWAY_DEFAULT_TOKEN');
    expect(stdout).not.toMatch(/Secret-\d/);
  });

  it('tells which entries name what is gone', async () => {
    await kernel('install');
    const path = join(user, ENTRY);
    const entry = await readEntry(path);
    await writeFile(
      path,
      JSON.stringify({ ...entry, argv: ['/gone/node', ...entry.argv.slice(1)] }),
    );
    const { stdout } = await kernel('list', '--json');
    const [first] = JSON.parse(stdout) as object[];
    expect(first).toEqual({
      directory: join(user, 'kernels/slipway'),
      python,
      problems: ['/gone/node is not there any more.'],
    });
  });
});

describe('slipway kernel remove', () => {
  it('takes the kernel away, and says so when there is none', async () => {
    await kernel('install');
    expect(await kernel('remove')).toMatchObject({ exitCode: 0, stderr: '' });
    await expect(stat(join(user, ENTRY))).rejects.toThrow('ENOENT');
    const again = await kernel('remove');
    expect(again).toMatchObject({ exitCode: 0, stderr: '' });
    expect(again.stdout).toContain('There is no kernel in');
  });
});
