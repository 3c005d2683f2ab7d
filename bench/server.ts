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

/** Starts an embedded server with a data directory of its own and waits until it serves. */
export async function startServer(
  root: string,
  home: string,
  python: string,
): Promise<{ process: ChildProcess; runtime: Runtime }> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const written = Promise.withResolvers<void>();
  const watcher = watch(home, (_event, name) => {
    if (name === 'runtime.json') written.resolve();
  });
  const child = spawn(
    process.execPath,
    [join(root, 'dist/src/cli/main.js'), 'server', 'run', '--embedded', '--port', '0'],
    {
      env: {
        ...process.env,
        SLIPWAY_HOME: home,
        SLIPWAY_PYTHON: python,
        SLIPWAY_LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  // Whatever ends the bench, a signal or an error, the server does not outlive it.
  process.once('exit', () => child.kill('SIGINT'));
  const failed = once(child, 'exit').then(([status]) => {
    throw new Error(`The server ended with status ${status} before it was ready.`);
  });
  try {
    await Promise.race([written.promise, failed]);
  } finally {
    watcher.close();
    failed.catch(() => undefined);
  }
  const runtime = JSON.parse(await readFile(join(home, 'runtime.json'), 'utf8')) as Runtime;
  return { process: child, runtime };
}
