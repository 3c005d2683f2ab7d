import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from './files.js';

/** Where a running server can be found; `server.json` in its data directory. */
export interface Announcement {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Whether it is one user's own. */
  readonly embedded: boolean;
  /** The file that it logs to, unless that is its standard output. */
  readonly log?: string;
  /** Where its metrics are. */
  readonly metrics?: string;
}

/** How to log in to a user's own server; `runtime.json`, which only its owner can read. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Says where the server is, and for an embedded one how to log in. */
export async function announce(
  dataDirectory: string,
  announcement: Announcement,
  credentials: Credentials | undefined,
): Promise<void> {
  await writePrivateFile(
    join(dataDirectory, 'server.json'),
    `${JSON.stringify(announcement, null, 2)}\n`,
  );
  const runtimeFile = join(dataDirectory, 'runtime.json');
  if (credentials === undefined) {
    await rm(runtimeFile, { force: true });
  } else {
    await writePrivateFile(
      runtimeFile,
      `${JSON.stringify({ ...announcement, ...credentials }, null, 2)}\n`,
    );
  }
}

/** Takes the announcement back, before the server stops. */
export async function withdraw(dataDirectory: string): Promise<void> {
  await rm(join(dataDirectory, 'runtime.json'), { force: true });
  await rm(join(dataDirectory, 'server.json'), { force: true });
}

/** What ended with a server; `stopped.json` in its data directory, for whoever stops it. */
export interface Stop {
  readonly pid: number;
  /** Sessions that ended. */
  readonly sessions: number;
  /** Service versions that had workers. */
  readonly services: number;
  /** Batches that the next server goes on with. */
  readonly batches: number;
}

const STOP_FILE = 'stopped.json';

/** Leaves word of what ended. */
export async function recordStop(dataDirectory: string, stop: Stop): Promise<void> {
  await writePrivateFile(join(dataDirectory, STOP_FILE), `${JSON.stringify(stop)}\n`);
}

/** What the last server that stopped in good order has left; undefined when none has. */
export async function lastStop(dataDirectory: string): Promise<Stop | undefined> {
  try {
    return JSON.parse(await readFile(join(dataDirectory, STOP_FILE), 'utf8')) as Stop;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
