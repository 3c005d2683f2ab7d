import { DatabaseSync } from 'node:sqlite';
import { closeToOthers } from './files.js';

/** Result code of SQLite for a database that another process has locked. */
const SQLITE_BUSY = 5;

/** Something that one process at a time has. */
export interface Hold {
  release(): void;
}

/**
 * Takes hold of a file, for which other processes then wait or go away. The system lets go of it
 * when the process dies, however it dies.
 * @param milliseconds that it is waited for, blocking
 * @returns undefined when another one has it
 */
export function takeHold(path: string, milliseconds: number): Hold | undefined {
  closeToOthers(path);
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = ${milliseconds}`);
    database.exec('BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS lock (pid INTEGER)');
    database.exec(`DELETE FROM lock; INSERT INTO lock VALUES (${process.pid}); COMMIT`);
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

/** Whether SQLite has found a database locked. */
export function isBusy(error: unknown): boolean {
  return (error as { errcode?: number }).errcode === SQLITE_BUSY;
}
