import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionNote } from '../types.js';

/** Name of the file in a session's runtime directory. */
const FILE = 'session.json';

/** What stands in a session's note: enough to go on with it after the end of the server. */
export interface Note {
  readonly id: string;
  readonly pid: number;
  /** The account that it was given; absent for the server's own. */
  readonly account?: number;
  /** Whether it is kept from what is other users'. */
  readonly isApart?: boolean;
  readonly label: SessionNote;
}

/** Writes the note of a session, whole or not at all. */
export async function writeNote(runtimeDirectory: string, note: Note): Promise<void> {
  const path = join(runtimeDirectory, FILE);
  // A name of its own: two may be written at once.
  const unready = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(unready, JSON.stringify(note), { mode: 0o600 });
  await rename(unready, path);
}

/** The note of a session; undefined when there is none that was written to its end. */
export async function readNote(runtimeDirectory: string): Promise<Note | undefined> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(join(runtimeDirectory, FILE), 'utf8'));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError || ['ENOENT', 'ENOTDIR'].includes(code)) return undefined;
    throw error;
  }
  const { id, pid, account, isApart, label } = Object(content) as Partial<Note>;
  // The id becomes part of paths that are removed with the session.
  const isName = typeof id === 'string' && /^[\w-]+$/.test(id);
  // 0, 1 and negative numbers would name other groups of processes when the session is ended.
  const isProcess = Number.isSafeInteger(pid) && (pid as number) > 1;
  if (!isName || !isProcess || typeof label !== 'object' || label === null) {
    return undefined;
  }
  return {
    ...{ id, pid: pid as number, label, isApart: isApart === true },
    ...(Number.isSafeInteger(account) ? { account: account as number } : {}),
  };
}
