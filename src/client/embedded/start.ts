import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { KERNEL_VARIABLES } from '../configuration/index.js';
import type { ServerLocation } from '../r-server-client.js';
import { EmbeddedPortTakenError, EmbeddedServerError, SharedServerError } from './errors.js';
import { isAlive, RUNTIME_FILE, readRuntimeFile } from './runtime-file.js';
import { findSharedServer } from './shared-server.js';

/** How to start a server. */
export interface StartOptions {
  /** Its data directory. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  /** What `runtime.json` says now, if no server answers there. */
  readonly distrusted?: ServerLocation | undefined;
  /** Milliseconds until the start is given up; 30 000 by default. */
  readonly timeout?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const LOG_TAIL_LINES = 15;
/** Milliseconds until another try when the data directory is in use. */
const RETRY_MS = 500;

/** Exit code of a server that finds another one on its data directory. */
const EXIT_DIRECTORY_IN_USE = 3;
/** Exit code of a server whose port is taken. */
const EXIT_PORT_TAKEN = 4;

/** Variables that are meant for the kernel and not for the server or the sessions below it. */
const NOT_FOR_THE_SERVER = ['JPY_PARENT_PID', 'JPY_SESSION_NAME', ...KERNEL_VARIABLES];

/**
 * Starts this user's server, which outlives the caller, and waits until it says where it is.
 * When two kernels do this at once, one server gets the data directory and both find that one.
 * @throws {EmbeddedServerError} when it ends or stays silent.
 * @throws {EmbeddedPortTakenError}
 * @throws {SharedServerError}
 */
export async function startEmbeddedServer(options: StartOptions): Promise<ServerLocation> {
  const { directory } = options;
  const logs = join(directory, 'logs');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await mkdir(logs, { recursive: true, mode: 0o700 });
  const logPath = join(logs, 'server.log');
  const log = await open(logPath, 'a+', 0o600);
  try {
    const start = (await log.stat()).size;
    const tail = async () => describeLog(logPath, await readFrom(log, start));
    // With a file of its own the server begins another one when it is full.
    const env = { ...options.env, SLIPWAY_LOG_FILE: options.env.SLIPWAY_LOG_FILE || logPath };
    return await waitForServer({ ...options, env }, log, tail);
  } finally {
    await log.close();
  }
}

function waitForServer(
  options: StartOptions,
  log: FileHandle,
  tail: () => Promise<string>,
): Promise<ServerLocation> {
  const { directory } = options;
  const limit = options.timeout ?? DEFAULT_TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    // Watching begins before the start, so that the file cannot appear unseen.
    const watcher = watch(directory, (_event, name) => {
      if (name === null || name === RUNTIME_FILE) look();
    });
    let child = launch(options, log);
    let again: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      fail(`The embedded server did not say within ${limit / 1000} s where it is.`);
    }, limit);
    const settle = () => {
      clearTimeout(timer);
      clearTimeout(again);
      watcher.close();
      child.removeAllListeners();
    };
    const fail = (message: string, cause?: unknown, Failure = EmbeddedServerError) => {
      settle();
      tail().then((lines) => reject(new Failure(`${message}${lines}`, { cause })), reject);
    };
    const look = () => {
      readRuntimeFile(directory).then(
        (found) => {
          if (found === undefined || !isAlive(found.pid)) return;
          if (isDeepStrictEqual(found.location, options.distrusted)) return;
          settle();
          // Another kernel's server was quicker: ours must not take over when that one stops.
          if (found.pid !== child.pid) child.kill();
          resolve(found.location);
        },
        (error) => {
          settle();
          reject(error);
        },
      );
    };
    const refuseShared = () => {
      findSharedServer(directory)
        .then((url) => {
          if (url !== undefined) throw new SharedServerError(directory, url);
        })
        .catch((error) => {
          settle();
          reject(error);
        });
    };
    const supervise = () => {
      child.on('error', (error) => fail('The embedded server cannot be started.', error));
      child.on('exit', (code, signal) => {
        if (code === EXIT_DIRECTORY_IN_USE) {
          // Another kernel was quicker, and its server has written the file or will; or a server is
          // ending, and the next try succeeds.
          look();
          refuseShared();
          again = setTimeout(() => {
            child = launch(options, log);
            supervise();
          }, RETRY_MS);
        } else if (code === EXIT_PORT_TAKEN) {
          const message =
            'The port of the embedded server is taken. Set SLIPWAY_PORT to a free one.';
          fail(message, undefined, EmbeddedPortTakenError);
        } else fail(`The embedded server ended at its start (${signal ?? `exit code ${code}`}).`);
      });
    };
    watcher.on('error', (error) => fail(`${directory} cannot be watched.`, error));
    supervise();
  });
}

function launch(options: StartOptions, log: FileHandle): ChildProcess {
  const env: NodeJS.ProcessEnv = { ...options.env, SLIPWAY_HOME: options.directory };
  for (const name of NOT_FOR_THE_SERVER) delete env[name];
  const child = spawn(process.execPath, [commandLine(), 'server', 'run', '--embedded'], {
    cwd: options.directory,
    detached: true,
    env,
    stdio: ['ignore', log.fd, log.fd],
  });
  child.unref();
  return child;
}

/** The built command line of this package, also for code that runs from its sources. */
function commandLine(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  const main = join(folder, 'dist', 'src', 'cli', 'main.js');
  if (existsSync(main)) return main;
  throw new EmbeddedServerError(`${main} is missing. Build the project with "npm run build".`);
}

async function readFrom(log: FileHandle, start: number): Promise<string> {
  const { size } = await log.stat();
  const { bytesRead, buffer } = await log.read(Buffer.alloc(size - start), 0, size - start, start);
  return buffer.subarray(0, bytesRead).toString();
}

/** The last lines that the server wrote, as text where they are log records. */
function describeLog(path: string, text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) return ` It wrote nothing to ${path}.`;
  const shown = lines.slice(-LOG_TAIL_LINES).map(readable);
  return `\nThe end of ${path}:\n${shown.map((line) => `  ${line}`).join('\n')}`;
}

function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const record = JSON.parse(line) as { msg?: unknown };
    return typeof record.msg === 'string' ? record.msg : line;
  } catch {
    return line;
  }
}
