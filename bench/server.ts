import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What an embedded server writes down for its user's programs. */
export interface Runtime {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** Calls a route with JSON, as whoever has logged in. @throws for a status of failure */
export interface ApiCall {
  (method: string, path: string, json?: unknown): Promise<Record<string, string>>;
  readonly token: string;
}

/** Logs in to a server. */
export async function logIn({ url, username, password }: Runtime): Promise<ApiCall> {
  const send = async (method: string, path: string, json: unknown, token?: string) => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response.json() as Promise<Record<string, string>>;
  };
  const { access_token: token = '' } = await send('POST', '/login', { username, password });
  const call = (method: string, path: string, json?: unknown) => send(method, path, json, token);
  return Object.assign(call, { token });
}

/** A server that is measured. */
export interface StartedServer {
  readonly process: ChildProcess;
  readonly runtime: Runtime;
  /** Milliseconds from the start of its process until it has said where it listens. */
  readonly startTime: number;
}

export interface StartOptions {
  /** Whether it is a user's own; else one that an administrator runs. */
  readonly embedded?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a server on a data directory and waits until it serves. */
export async function startServer(
  root: string,
  home: string,
  python: string,
  { embedded = true, env = {} }: StartOptions = {},
): Promise<StartedServer> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const announcement = embedded ? 'runtime.json' : 'server.json';
  const written = Promise.withResolvers<void>();
  const watcher = watch(home, (_event, name) => {
    if (name === announcement) written.resolve();
  });
  const started = performance.now();
  const command = ['server', 'run', ...(embedded ? ['--embedded'] : []), '--port', '0'];
  const child = spawn(process.execPath, [join(root, 'dist/src/cli/main.js'), ...command], {
    env: {
      ...process.env,
      SLIPWAY_HOME: home,
      SLIPWAY_PYTHON: python,
      SLIPWAY_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // Whatever ends the bench, a signal or an error, the server does not outlive it.
  const end = () => child.kill('SIGINT');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  const failed = once(child, 'exit').then(([status]) => {
    throw new Error(`The server ended with status ${status} before it was ready.`);
  });
  try {
    await Promise.race([written.promise, failed]);
  } finally {
    watcher.close();
    failed.catch(() => undefined);
  }
  const startTime = performance.now() - started;
  const { url, ...known } = JSON.parse(
    await readFile(join(home, announcement), 'utf8'),
  ) as Partial<Runtime> & { url: string };
  const username = known.username ?? 'admin';
  const password =
    known.password ?? (await readFile(join(home, 'admin-password'), 'utf8')).trimEnd();
  return { process: child, runtime: { url, username, password }, startTime };
}
