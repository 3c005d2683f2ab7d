import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** A user's own server in a data directory of its own, started by the command line. */
export interface EmbeddedServer {
  readonly pid: number;
  readonly url: string;
  readonly home: string;
  /** Makes a kernel find this server. */
  readonly env: NodeJS.ProcessEnv;
  /** Calls a route with the user's token and returns the parsed answer. */
  call(method: string, path: string, body?: object): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts the built server as the kernel would. */
export async function startEmbeddedServer(): Promise<EmbeddedServer> {
  const home = await mkdtemp(join(tmpdir(), 'slipway-home-'));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    SLIPWAY_HOME: home,
    SLIPWAY_PORT: '0',
    SLIPWAY_PYTHON: process.env.SLIPWAY_PYTHON ?? join(root, '.venv/bin/python'),
    SLIPWAY_URL: '',
    SLIPWAY_TOKEN: '',
    XDG_CONFIG_HOME: join(home, 'config'),
    IPYTHONDIR: join(home, 'ipython'),
  };
  const slipway = (...args: string[]) =>
    run(process.execPath, [join(root, 'dist/src/cli/main.js'), ...args], { env });
  await slipway('server', 'start');
  const { url, pid, username, password } = JSON.parse(
    await readFile(join(home, 'runtime.json'), 'utf8'),
  ) as { url: string; pid: number; username: string; password: string };
  const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const login = await fetch(`${url}/login`, {
    ...post,
    body: JSON.stringify({ username, password }),
  });
  const { access_token: token } = (await login.json()) as { access_token: string };
  return {
    pid,
    url,
    home,
    env,
    async call(method, path, body) {
      const answer = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return text === '' ? undefined : JSON.parse(text);
    },
    async stop() {
      await slipway('server', 'stop');
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
