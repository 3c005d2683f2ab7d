import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Nothing listens on the discard port: a connection is refused at once. */
const UNREACHABLE = 'http://127.0.0.1:9/';

describe('set-up of a fresh clone', () => {
  let clone: string;

  beforeAll(async () => {
    clone = await mkdtemp(join(tmpdir(), 'slipway-clone-'));
    for (const name of ['scripts', 'package.json', 'package-lock.json', 'requirements.txt']) {
      await cp(join(root, name), join(clone, name), { recursive: true });
    }
  });
  afterAll(() => rm(clone, { recursive: true, force: true }));

  function run(args: string[], env: NodeJS.ProcessEnv) {
    return new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        args,
        { cwd: clone, env: { ...process.env, ...env } },
        (error, _stdout, stderr) => resolve({ code: error?.code ?? 0, stderr }),
      );
    });
  }

  /** Runs one step of set-up alone, with its errors told as `npm start` tells them. */
  const runStep = (module: string, name: string, env: NodeJS.ProcessEnv) =>
    run(
      [
        '--input-type=module',
        '--eval',
        `import { ${name} } from './scripts/setup/${module}.mjs';
         await ${name}.bringUpToDate(() => undefined).catch((error) => {
           console.error(error.code, error.message, error.fix);
           process.exitCode = 1;
         });`,
      ],
      env,
    );

  it('says that npm cannot reach the registry, and where to look', async () => {
    const { code, stderr } = await run(['scripts/start.mjs', '--setup'], {
      npm_config_registry: UNREACHABLE,
      npm_config_cache: join(clone, 'npm-cache'),
      npm_config_fetch_retries: '0',
    });
    expect(code).toBe(2);
    expect(stderr).toContain('npm could not reach its package registry');
    expect(stderr).toContain('ECONNREFUSED');
    expect(stderr).toContain('npm config get registry');
    expect(stderr).not.toContain('    at ');
  });

  it('says that pip cannot reach the index, and where to look', async () => {
    const { stderr } = await runStep('python', 'pythonEnvironment', {
      PIP_INDEX_URL: UNREACHABLE,
      PIP_FIND_LINKS: '',
      PIP_RETRIES: '0',
      PIP_NO_CACHE_DIR: '1',
    });
    expect(stderr).toContain('REGISTRY_UNREACHABLE pip could not reach its package registry');
    expect(stderr).toContain('PIP_INDEX_URL');
  });

  it('says that no Python was found', async () => {
    const missing = join(clone, 'no-such-python');
    const { stderr } = await runStep('python', 'pythonEnvironment', {
      SLIPWAY_BOOTSTRAP_PYTHON: missing,
    });
    expect(stderr).toContain(`PYTHON_NOT_FOUND No Python was found (looked for ${missing})`);
    expect(stderr).toContain('Install Python 3.10 or newer');
  });

  it('says that npm is missing', async () => {
    const { stderr } = await runStep('modules', 'modules', { PATH: clone });
    expect(stderr).toContain('COMMAND_FAILED');
    expect(stderr).toContain('it could not be started');
  });
});
