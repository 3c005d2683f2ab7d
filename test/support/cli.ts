import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ADMIN } from '../../src/server/index.js';
import { projectRoot, python } from './server.js';

const MAIN = join(projectRoot, 'dist', 'src', 'cli', 'main.js');

/** What a command wrote, and how it ended. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** The environment of a command: nothing of the caller's own server or Jupyter. */
export function cliEnvironment(dataDirectory: string, more: NodeJS.ProcessEnv = {}) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(SLIPWAY|JUPYTER)_/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    SLIPWAY_HOME: dataDirectory,
    XDG_CONFIG_HOME: join(dataDirectory, 'config'),
    SLIPWAY_PORT: '0',
    SLIPWAY_PYTHON: python,
    ...more,
  };
}

/** Runs a command of the built command line to its end. */
export async function runCli(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input = '',
): Promise<CommandResult> {
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: 'pipe' });
  child.stdin.end(input);
  const [stdout, stderr, [exitCode]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { stdout, stderr, exitCode };
}

/** A command that runs until it is ended. */
export interface FollowedCommand {
  /** What it has written so far. */
  output(): string;
  end(): Promise<void>;
}

/** Starts a command that does not end by itself. */
export function followCli(args: readonly string[], env: NodeJS.ProcessEnv): FollowedCommand {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  return {
    output: () => output,
    async end() {
      child.kill('SIGINT');
      await exited;
    },
  };
}

/** What `runtime.json` tells. */
export interface RuntimeFile {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  readonly username: string;
  readonly password: string;
  readonly startedAt: string;
}

/** A server that was started as a process of its own. */
export interface ServerProcess {
  readonly child: ChildProcess;
  readonly runtime: RuntimeFile;
  /** What it has logged so far. */
  output(): string;
  /** Sends a signal and waits for the end. @returns the exit code, null when killed */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Whose server it is: a user's own, or one for several, with a password that stays. */
export type ServerKind = 'embedded' | 'shared';

/**
 * Starts `slipway server run` and waits until it says where it is.
 * @param wrapper the program that starts it, with its arguments
 */
export async function startServerProcess(
  dataDirectory: string,
  env: NodeJS.ProcessEnv,
  kind: ServerKind = 'embedded',
  wrapper: readonly string[] = [],
): Promise<ServerProcess> {
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const watcher = watch(dataDirectory);
  const command = [...wrapper, process.execPath, MAIN, 'server', 'run', ...OPTIONS[kind]];
  const child = spawn(command[0] as string, command.slice(1), {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  try {
    const runtime = await Promise.race([
      announced(dataDirectory, wrapper.length === 0 ? child.pid : undefined, watcher, kind),
      exited.then(([code]) => {
        throw new Error(`The server ended with exit code ${code}:\n${output}`);
      }),
    ]);
    return {
      child,
      runtime,
      output: () => output,
      async end(signal) {
        child.kill(signal);
        return (await exited)[0];
      },
    };
  } finally {
    watcher.close();
  }
}

const OPTIONS = { embedded: ['--embedded'], shared: [] } as const;
const ANNOUNCEMENTS = { embedded: 'runtime.json', shared: 'server.json' } as const;

function announced(
  dataDirectory: string,
  pid: number | undefined,
  watcher: ReturnType<typeof watch>,
  kind: ServerKind,
): Promise<RuntimeFile> {
  const file = ANNOUNCEMENTS[kind];
  return new Promise((resolve, reject) => {
    watcher.on('change', (_event, name) => {
      if (name !== file) {
        return;
      }
      readAnnouncement(dataDirectory, file).then(
        (runtime) => {
          // A killed server leaves its file behind.
          if (pid === undefined || runtime.pid === pid) {
            resolve(runtime);
          }
        },
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') {
            reject(error);
          }
        },
      );
    });
  });
}

/** What the file says; the password of a shared server stands in one of its own. */
async function readAnnouncement(dataDirectory: string, file: string): Promise<RuntimeFile> {
  const runtime = JSON.parse(await readFile(join(dataDirectory, file), 'utf8')) as RuntimeFile;
  if (file === ANNOUNCEMENTS.embedded) {
    return runtime;
  }
  const password = (await readFile(join(dataDirectory, 'admin-password'), 'utf8')).trim();
  return { ...runtime, username: ADMIN, password };
}
