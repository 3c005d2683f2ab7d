import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliEnvironment, runCli } from '../../support/cli.js';
import { createJupyterWorld, type JupyterWorld } from '../../support/jupyter.js';
import { writeNotebook } from '../../support/jupyterlab-page.js';
import { startKernel } from '../../support/kernel.js';
import { runIn, venv } from '../../support/nbconvert.js';
import { startTestServer, type TestServer } from '../../support/server.js';

/** What stands in a variable that no server takes, so that it can be looked for everywhere. */
const MARKER = 'Secret-of-the-environment-1';

/** An access token or a part of one, as the servers make them. */
const TOKEN = /eyJ[\w-]{10,}/;

/** Arguments of every process that can be seen; empty where the system has no /proc. */
const ALL_ARGUMENTS = `import glob
for path in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        print(open(path).read().replace("\\0", " "))
    except OSError:
        pass`;

/** The environment of this process, and of the one that started it. */
const ENVIRONMENTS = `import os
print(sorted(os.environ.items()))
try:
    print(open("/proc/%d/environ" % os.getppid()).read().replace("\\0", " "))
except OSError as error:
    print("not readable", error)`;

describe('a kernel that logs in with a password of its environment', () => {
  let server: TestServer;
  let world: JupyterWorld;
  let log: string;
  let outputs: string;

  beforeAll(async () => {
    server = await startTestServer({ embedded: false });
    world = await createJupyterWorld();
    Object.assign(world.env, {
      SLIPWAY_URL: server.url,
      SLIPWAY_USER: 'admin',
      SLIPWAY_PASSWORD: server.password,
    });
    await writeNotebook(world, 'secrets.ipynb', [
      `${ENVIRONMENTS}\n${ALL_ARGUMENTS}`,
      '%connect',
      '%status',
      'def fail():\n    raise ValueError("a failure of the user’s own")\nfail()',
      '%connect http://ana:Typed-Secret-1@host',
      '%connect http://host --password Typed-Secret-1',
      `%connect ${server.url} --user nobody`,
    ]);
    const options = ['--to', 'notebook', '--execute', '--allow-errors', '--debug'];
    const { stdout, stderr } = await runIn(world, venv('jupyter'), [
      'nbconvert',
      ...options,
      '--output=run.ipynb',
      'secrets.ipynb',
    ]);
    log = stdout + stderr;
    const { cells } = JSON.parse(await readFile(join(world.notebooks, 'run.ipynb'), 'utf8'));
    outputs = JSON.stringify(
      cells.map((cell: { outputs: unknown; metadata: unknown }) => [cell.outputs, cell.metadata]),
    );
  }, 120_000);
  afterAll(async () => {
    await world?.dispose();
    await server?.close();
  });

  it('has run the cells, failures included', () => {
    expect(outputs).toContain('SLIPWAY_PASSWORD');
    expect(outputs).toContain('a failure of the user’s own');
    expect(outputs).toContain('carries no user name or password');
    expect(outputs).toContain('a cell is saved with the notebook');
  });

  it('leaves no password and no token in the notebook: results, errors, metadata', () => {
    expect(outputs).not.toContain(server.password);
    expect(outputs).not.toMatch(TOKEN);
    expect(outputs).not.toContain('Typed-Secret-1');
  });

  it('leaves none in the log of Jupyter and of the kernel, at the level of debugging', () => {
    expect(log).toContain('secrets.ipynb');
    expect(log).not.toContain(server.password);
    expect(log).not.toMatch(TOKEN);
  });

  it('leaves none in the files that Jupyter and the kernel write', async () => {
    const folder = join(world.notebooks, '..');
    let files = 0;
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      files += 1;
      const content = await readFile(join(entry.parentPath, entry.name), 'latin1');
      expect(content.includes(server.password), entry.name).toBe(false);
      expect(TOKEN.test(content), entry.name).toBe(false);
    }
    expect(files).toBeGreaterThan(3);
  });
});

describe('a user’s own server', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'slipway-kernel-secrets-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));

  it('and its sessions get none of the kernel’s settings, and no password stands in arguments', async () => {
    const home = join(directory, 'home');
    await mkdir(home, { mode: 0o700 });
    const settings = {
      SLIPWAY_USER: MARKER,
      SLIPWAY_PASSWORD: MARKER,
      SLIPWAY_TOKEN: MARKER,
      SLIPWAY_CREDENTIAL_COMMAND: MARKER,
      SLIPWAY_DEFAULT_USER: MARKER,
      SLIPWAY_DEFAULT_CREDENTIAL_COMMAND: MARKER,
    };
    const env = cliEnvironment(home, settings);
    const kernel = await startKernel(env);
    try {
      const { reply, published } = await kernel.client.execute(`${ENVIRONMENTS}\n${ALL_ARGUMENTS}`);
      expect(reply.content.status).toBe('ok');
      const printed = JSON.stringify(published.map(({ content }) => content));
      expect(printed).toContain('PATH');
      expect(printed).not.toContain(MARKER);
      expect(printed).not.toMatch(/'SLIPWAY_|JUPYTER_TOKEN/);
      const { password } = JSON.parse(await readFile(join(home, 'runtime.json'), 'utf8'));
      expect(printed).not.toContain(password);
      expect(kernel.stderr).not.toContain(MARKER);
    } finally {
      await kernel.stop();
      await runCli(['server', 'stop'], env);
    }
  });
});
