import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { withdraw } from './announcement.js';
import { ensureClosedDirectory } from './files.js';
import { type Hold, isBusy, takeHold } from './hold.js';

const LOCK_FILE = 'lock.db';

/**
 * Milliseconds that the lock is waited for. Without a wait, of two servers that start at the same
 * moment each can refuse the other: SQLite takes the lock in steps.
 */
const LOCK_TIMEOUT = 250;

/** Thrown when another server runs on the data directory. */
export class DataDirectoryInUseError extends Error {
  readonly code = 'DATA_DIRECTORY_IN_USE';
  override readonly name = 'DataDirectoryInUseError';

  constructor(dataDirectory: string) {
    super(
      `Another Slipway server uses the data directory ${dataDirectory}. Stop it with "slipway server stop", or choose another directory with --data or SLIPWAY_HOME.`,
    );
  }
}

/** Held while a server uses a data directory. */
export type DataDirectoryLock = Hold;

/**
 * Creates the directory if needed, closes it to other users, and takes the lock that keeps a second
 * server out. The system drops the lock when the process dies, however it dies. What a killed server
 * has said of itself is taken away.
 * @throws {DataDirectoryInUseError}
 */
export async function lockDataDirectory(dataDirectory: string): Promise<DataDirectoryLock> {
  await ensureClosedDirectory(dataDirectory);
  const path = join(dataDirectory, LOCK_FILE);
  const hold = takeHold(path, LOCK_TIMEOUT);
  if (hold === undefined) throw new DataDirectoryInUseError(dataDirectory);
  // A server that was killed could not take its announcement back, and another process may have
  // its number by now: "slipway server stop" would end that while this server starts.
  await withdraw(dataDirectory).catch((error: unknown) => {
    hold.release();
    throw error;
  });
  return hold;
}

/** Whether a server runs on a data directory. */
export function isDataDirectoryInUse(dataDirectory: string): boolean {
  return existsSync(join(dataDirectory, LOCK_FILE)) && !waitUntilUnused(dataDirectory, 0);
}

/**
 * Waits, blocking, until no server uses a data directory.
 * @param milliseconds the longest wait
 * @returns whether it is unused now
 */
export function waitUntilUnused(dataDirectory: string, milliseconds: number): boolean {
  const database = new DatabaseSync(join(dataDirectory, LOCK_FILE));
  try {
    database.exec(`PRAGMA busy_timeout = ${milliseconds}`);
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    return true;
  } catch (error) {
    if (isBusy(error)) {
      return false;
    }
    throw error;
  } finally {
    database.close();
  }
}

/** An empty directory below the data directory; what a killed server left there is removed. */
export async function emptyDirectory(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}
