import { lastStop, waitUntilUnused } from '../server/index.js';
import { CommandError } from './errors.js';
import { findServer } from './running-server.js';
import { dataDirectory } from './settings.js';

/** Milliseconds that a server has to stop before the command gives up. */
const STOP_TIMEOUT = 10_000;

/** `slipway server stop`. */
export async function stopServer(options: { data?: string }): Promise<void> {
  const directory = dataDirectory(options.data);
  const stopped = await endServer(directory);
  process.stdout.write(
    stopped === undefined
      ? `No server runs on ${directory}.\n`
      : `Stopped the server at ${stopped.url}.${await describeEnded(directory, stopped.pid)}\n`,
  );
}

/**
 * Ends the server of a data directory and waits until it is gone.
 * @returns where it was, undefined when none ran
 * @throws {CommandError} when it does not stop
 */
export async function endServer(
  directory: string,
): Promise<{ readonly url: string; readonly pid: number } | undefined> {
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
  return server;
}

/** What ended with the server, as a sentence; nothing when nothing did. */
async function describeEnded(directory: string, pid: number): Promise<string> {
  const stop = await lastStop(directory);
  if (stop === undefined || stop.pid !== pid) return '';
  const workers = [
    ...(stop.services > 0
      ? [`the workers of ${count(stop.services, 'service version', 's')}`]
      : []),
    ...(stop.batches > 0 ? [count(stop.batches, 'batch', 'es')] : []),
  ];
  const parts = [...(stop.sessions > 0 ? [count(stop.sessions, 'session', 's')] : []), ...workers];
  if (parts.length === 0) return '';
  const comeBack = workers.length > 0 ? ' Services and batches go on with the next start.' : '';
  return ` With it ended ${new Intl.ListFormat('en-GB').format(parts)}.${comeBack}`;
}

function count(number: number, noun: string, plural: string): string {
  return `${number} ${noun}${number === 1 ? '' : plural}`;
}
