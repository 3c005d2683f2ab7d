import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DATABASE_FILE } from '../store/index.js';

/** The database, which is never copied as the file it is: transactions are on their way into it. */
export const DATABASE = DATABASE_FILE;

/** What a running server has, and what only it needs. Everything else is worth keeping. */
const PASSING: ReadonlySet<string> = new Set([
  'lock.db',
  'garbage.db',
  'inbox',
  'server.json',
  'runtime.json',
  'stopped.json',
  'logs',
  'materialised',
  'restarts',
  'run',
  'scratch',
  'sealed',
  'staging',
  'work',
]);

/** The beginning of the name of what a restore has replaced. */
export const REPLACED = 'replaced-';

/** Whether an entry of a data directory belongs into a backup, the database aside. */
export function isKept(name: string): boolean {
  return (
    !PASSING.has(name) &&
    !name.startsWith(DATABASE) &&
    !name.startsWith(REPLACED) &&
    // Files that are being written, and databases' own files beside them.
    !name.startsWith('.') &&
    !/\.db-(wal|shm|journal)$/.test(name)
  );
}

/** The paths of all files below a directory, relative to it, with `/` between their parts. */
export async function* filesBelow(directory: string, prefix = ''): AsyncGenerator<string> {
  const entries: Dirent[] = await readdir(join(directory, prefix), { withFileTypes: true });
  for (const { name, ...entry } of entries.map(describe)) {
    if (prefix === '' && !isKept(name)) continue;
    if (entry.isDirectory) yield* filesBelow(directory, `${prefix}${name}/`);
    else if (entry.isFile) yield `${prefix}${name}`;
  }
}

function describe(entry: Dirent): { name: string; isDirectory: boolean; isFile: boolean } {
  return { name: entry.name, isDirectory: entry.isDirectory(), isFile: entry.isFile() };
}
