import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import { lockDataDirectory } from '../data-directory.js';
import { type BackupReport, REPORT_FILE } from './backup.js';
import { DATABASE, filesBelow, isKept, REPLACED } from './contents.js';
import { copySynced } from './copy.js';
import { BackupError } from './errors.js';

/** Where the copy is made, within the data directory, before it takes the place of what is there. */
const INCOMING = '.restoring';

/** The path of content in a backup; its name is its hash. */
const BLOB = /^blobs\/([0-9a-f]{2})\/([0-9a-f]{62})$/;

/** What a restore has done. */
export interface RestoreReport {
  readonly backup: BackupReport;
  /** Where the data that was there has been put; undefined when there was none. */
  readonly replaced: string | undefined;
}

/**
 * Puts a backup into a data directory on which no server runs. The backup is checked before
 * anything is changed, and what was there is kept beside it.
 * @param options `replace` allows to put it in the place of data that is there
 * @throws {BackupError} when the backup is not whole, or data is there
 * @throws {DataDirectoryInUseError}
 */
export async function restore(
  source: string,
  dataDirectory: string,
  options: { readonly replace?: boolean } = {},
): Promise<RestoreReport> {
  const backup = await readReport(source);
  const lock = await lockDataDirectory(dataDirectory);
  const incoming = join(dataDirectory, INCOMING);
  try {
    if (existsSync(join(dataDirectory, DATABASE)) && !options.replace) {
      throw new BackupError(
        `${dataDirectory} has the data of a server. Choose another directory with --data, or put the backup in its place with --replace; what is there is kept.`,
      );
    }
    await rm(incoming, { recursive: true, force: true });
    const count = await copyChecked(source, incoming);
    if (count !== backup.files) {
      throw new BackupError(
        `${source} has ${count} files where ${REPORT_FILE} says ${backup.files}. It is not whole: take another backup.`,
      );
    }
    const replaced = await moveAside(dataDirectory);
    for (const name of await readdir(incoming)) {
      await rename(join(incoming, name), join(dataDirectory, name));
    }
    return { backup, replaced };
  } finally {
    await rm(incoming, { recursive: true, force: true });
    lock.release();
  }
}

async function readReport(source: string): Promise<BackupReport> {
  let report: Partial<BackupReport>;
  try {
    report = JSON.parse(await readFile(join(source, REPORT_FILE), 'utf8')) as typeof report;
  } catch (error) {
    throw new BackupError(
      `${source} is not a backup, or not a whole one: its ${REPORT_FILE} cannot be read.`,
      { cause: error },
    );
  }
  if (report.format === 1 && typeof report.files === 'number') return report as BackupReport;
  throw new BackupError(
    `${source} was made by another version of Slipway (${report.version ?? 'unknown'}). Use that one.`,
  );
}

/** Copies a backup and checks its database and the hash of all content. @returns the files */
async function copyChecked(source: string, target: string): Promise<number> {
  let count = 1;
  await mkdir(target, { recursive: true, mode: 0o700 });
  await copySynced(join(source, DATABASE), join(target, DATABASE));
  checkDatabase(join(target, DATABASE), source);
  for await (const path of filesBelow(source)) {
    if (path === REPORT_FILE) continue;
    const to = join(target, path);
    await copySynced(join(source, path), to);
    const [, first = '', rest = ''] = BLOB.exec(path) ?? [];
    if (first !== '' && (await sha256(to)) !== first + rest) {
      throw new BackupError(`${join(source, path)} is damaged. Take another backup.`);
    }
    count += 1;
  }
  return count;
}

function checkDatabase(path: string, source: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  let verdict: unknown;
  try {
    verdict = database.prepare('PRAGMA integrity_check').get()?.integrity_check;
  } catch (error) {
    verdict = (error as Error).message;
  } finally {
    database.close();
  }
  if (verdict === 'ok') return;
  throw new BackupError(
    `The database of the backup ${source} is damaged (${verdict}). Take another backup.`,
  );
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Moves the data that is there into a folder beside it. @returns its path, if there was any */
async function moveAside(dataDirectory: string): Promise<string | undefined> {
  const names = (await readdir(dataDirectory)).filter(
    (name) => isKept(name) || name.startsWith(DATABASE),
  );
  if (names.length === 0) return undefined;
  const aside = join(dataDirectory, REPLACED + new Date().toISOString().replace(/[:.]/g, '-'));
  await mkdir(aside, { mode: 0o700 });
  for (const name of names) await rename(join(dataDirectory, name), join(aside, name));
  return aside;
}
