import { existsSync, realpathSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { writePrivateFile } from '../files.js';
import { takeHold } from '../hold.js';
import { GARBAGE_HOLD } from '../store/index.js';
import { SERVER_VERSION } from '../version.js';
import { DATABASE, filesBelow } from './contents.js';
import { copySynced, syncFile } from './copy.js';
import { BackupError } from './errors.js';
import { GrowingResults } from './growing-results.js';

/** Milliseconds that a running removal of unused content has to end. */
const HOLD_TIMEOUT = 60_000;

/** What is said of a backup; `backup.json`, which is written last. */
export interface BackupReport {
  readonly format: 1;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Of the Slipway that made it. */
  readonly version: string;
  readonly files: number;
  readonly bytes: number;
}

export const REPORT_FILE = 'backup.json';

/**
 * Copies a data directory, whether a server runs on it or not. The database goes first, as of one
 * moment; files after it. All content that the database refers to was there at that moment, since
 * content is written before it is recorded, and it stays, since nothing unused is removed while
 * this runs. What is written meanwhile may be in the copy unused, and the next server removes it;
 * of the results of batches, which grow in their files, only those are copied whose files the
 * database knows.
 * @param target a directory that is created; it is there when the copy is whole, and not before
 * @throws {BackupError}
 */
export async function backUp(dataDirectory: string, target: string): Promise<BackupReport> {
  if (!existsSync(join(dataDirectory, DATABASE))) {
    throw new BackupError(`${dataDirectory} is not the data directory of a server.`);
  }
  if (existsSync(target)) {
    throw new BackupError(`${target} is there already. Name a folder that is not.`);
  }
  if (`${realPath(target)}${sep}`.startsWith(`${realPath(dataDirectory)}${sep}`)) {
    throw new BackupError(`${target} lies in the data directory itself. Name one elsewhere.`);
  }
  const partial = `${target}.partial`;
  if (existsSync(partial)) {
    throw new BackupError(
      `${partial} is there already: what a backup left that was broken off, or something else. Remove it, or name another folder.`,
    );
  }
  const hold = takeHold(join(dataDirectory, GARBAGE_HOLD), HOLD_TIMEOUT);
  if (hold === undefined) {
    throw new BackupError(
      `Another backup of ${dataDirectory} is being made. Try again when it is done.`,
    );
  }
  try {
    await mkdir(partial, { recursive: true, mode: 0o700 });
    const copied = await copyAll(dataDirectory, partial);
    const report: BackupReport = {
      format: 1,
      createdAt: new Date().toISOString(),
      version: SERVER_VERSION,
      ...copied,
    };
    await writePrivateFile(join(partial, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`);
    await rename(partial, target);
    return report;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  } finally {
    hold.release();
  }
}

/** A path without links, as far as it exists. */
function realPath(path: string): string {
  const whole = resolve(path);
  if (existsSync(whole)) return realpathSync(whole);
  return join(realPath(dirname(whole)), basename(whole));
}

async function copyAll(from: string, to: string): Promise<{ files: number; bytes: number }> {
  const results = await GrowingResults.before(from);
  copyDatabase(join(from, DATABASE), join(to, DATABASE));
  const limits = results.limitsIn(join(to, DATABASE));
  let bytes = await syncFile(join(to, DATABASE));
  let files = 1;
  for await (const path of filesBelow(from)) {
    const copied = await copyOne(join(from, path), join(to, path), limits.get(path));
    if (copied === undefined) continue;
    bytes += copied;
    files += 1;
  }
  return { files, bytes };
}

/** As of one moment, also while others write: a copy within one transaction. */
function copyDatabase(from: string, to: string): void {
  const database = new DatabaseSync(from);
  try {
    database.exec('PRAGMA busy_timeout = 5000');
    database.prepare('VACUUM INTO ?').run(to);
  } finally {
    database.close();
  }
}

/**
 * @param most bytes that are wanted of it
 * @returns its bytes; undefined for a file that was removed meanwhile
 */
async function copyOne(
  from: string,
  to: string,
  most: number | undefined,
): Promise<number | undefined> {
  try {
    return await copySynced(from, to, most);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
