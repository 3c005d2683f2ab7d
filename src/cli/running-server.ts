import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject } from '../client/index.js';
import { isDataDirectoryInUse } from '../server/index.js';
import { CommandError } from './errors.js';

/** What a running server says of itself in `server.json`. */
export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
  /** The file that it logs to; undefined when that is its standard output. */
  readonly log: string | undefined;
  /** Where its metrics are, if it has any. */
  readonly metrics: string | undefined;
}

/**
 * The server that holds the lock of a data directory; what a killed one left behind does not count.
 * @throws {CommandError} while it starts or stops
 */
export async function findServer(directory: string): Promise<RunningServer | undefined> {
  if (!isDataDirectoryInUse(directory)) return undefined;
  const path = join(directory, 'server.json');
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new CommandError(
      `A server on ${directory} is starting or stopping, and does not say where it is (${path}). Try again in a moment.`,
      { cause: error },
    );
  }
  const { url, pid, version, startedAt, log, metrics } = isObject(content) ? content : {};
  if (typeof url !== 'string' || typeof pid !== 'number') {
    throw new CommandError(`${path} does not say where the server is. Stop it and start it again.`);
  }
  return {
    url,
    pid,
    version: String(version),
    startedAt: String(startedAt),
    log: typeof log === 'string' ? log : undefined,
    metrics: typeof metrics === 'string' ? metrics : undefined,
  };
}
