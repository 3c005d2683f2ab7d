import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDataDirectoryInUse, waitUntilUnused } from '../server/index.js';
import { CommandError } from './errors.js';
import { dataDirectory } from './settings.js';

interface DataOption {
  readonly data?: string;
}

/** What a running server says of itself in `server.json`. */
interface RunningServer {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
}

/** Milliseconds that a server has to stop before the command gives up. */
const STOP_TIMEOUT = 10_000;

/** `slipway server stop`. */
export async function stopServer(options: DataOption): Promise<void> {
  const directory = dataDirectory(options.data);
  const url = await endServer(directory);
  process.stdout.write(
    url === undefined ? `No server runs on ${directory}.\n` : `Stopped the server at ${url}.\n`,
  );
}

/**
 * Ends the server of a data directory and waits until it is gone.
 * @returns where it was, undefined when none ran
 * @throws {CommandError} when it does not stop
 */
export async function endServer(directory: string): Promise<string | undefined> {
  const server = await findServer(directory);
  if (server === undefined) {
    return undefined;
  }
  // Unlike SIGTERM this ends the sessions too.
  process.kill(server.pid, 'SIGINT');
  if (!waitUntilUnused(directory, STOP_TIMEOUT)) {
    throw new CommandError(
      `The server (process ${server.pid}) has not stopped within ${STOP_TIMEOUT / 1000} s. End it with: kill -9 ${server.pid}`,
    );
  }
  return server.url;
}

/** Tells whether a server runs, and where. */
export async function showStatus(options: DataOption): Promise<void> {
  const directory = dataDirectory(options.data);
  const server = await findServer(directory);
  if (server === undefined) {
    process.stdout.write(
      `No server runs on ${directory}. Start one with "slipway server run", or a notebook with the kernel.\n`,
    );
    process.exitCode = 1;
    return;
  }
  const rows = [
    ['url', server.url],
    ['process', String(server.pid)],
    ['version', server.version],
    ['since', server.startedAt],
    ['data', directory],
  ] as const;
  process.stdout.write(rows.map(([name, value]) => `${name.padEnd(8)} ${value}\n`).join(''));
}

/** The server that holds the directory's lock; what a killed one left behind does not count. */
async function findServer(directory: string): Promise<RunningServer | undefined> {
  if (!isDataDirectoryInUse(directory)) {
    return undefined;
  }
  const path = join(directory, 'server.json');
  try {
    return JSON.parse(await readFile(path, 'utf8')) as RunningServer;
  } catch (error) {
    throw new CommandError(
      `A server on ${directory} is starting or stopping, and does not say where it is (${path}). Try again in a moment.`,
      { cause: error },
    );
  }
}
