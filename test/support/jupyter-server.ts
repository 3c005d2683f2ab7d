import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { v4 as uuid } from 'uuid';

const root = resolve(import.meta.dirname, '../..');

/** A Jupyter server without a front end, as `@jupyterlab/services` talks to. */
export interface JupyterServer {
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

/**
 * Starts a Jupyter server that has our kernel.
 * @param env makes its kernels find a Slipway server.
 */
export async function startJupyterServer(env: NodeJS.ProcessEnv): Promise<JupyterServer> {
  const base = await mkdtemp(join(tmpdir(), 'slipway-jupyter-'));
  const token = uuid();
  const slipway = [join(root, 'dist/src/cli/main.js'), 'kernel', 'install', '--prefix', base];
  await promisify(execFile)(process.execPath, slipway, { env });
  const child = spawn(
    join(root, '.venv/bin/jupyter'),
    ['server', '--no-browser', '--allow-root', '--ip=127.0.0.1', '--port=0'],
    {
      env: {
        ...env,
        JUPYTER_TOKEN: token,
        JUPYTER_CONFIG_DIR: join(base, 'config'),
        JUPYTER_DATA_DIR: join(base, 'share/jupyter'),
        JUPYTER_RUNTIME_DIR: join(base, 'runtime'),
      },
      cwd: base,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const log: string[] = [];
  const url = await new Promise<string>((found, failed) => {
    child.once('exit', (status) =>
      failed(new Error(`The Jupyter server ended with status ${status}:\n${log.join('\n')}`)),
    );
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(line);
      if (address !== null) found(address[0]);
    });
  });
  return {
    url,
    token,
    async stop() {
      if (child.exitCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      }
      await rm(base, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
