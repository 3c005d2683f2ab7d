import { join } from 'node:path';
import { type OwnFile, OwnFileError, type OwnFileProblem, readOwnFile } from '../own-file.js';
import type { ServerLocation } from '../r-server-client.js';
import { RuntimeFileError } from './errors.js';

/** What a running embedded server tells the user's own processes. */
export interface RuntimeFile {
  readonly pid: number;
  readonly location: ServerLocation;
}

export const RUNTIME_FILE = 'runtime.json';

const DISTRUST: Readonly<Record<OwnFileProblem, string>> = {
  unreadable: 'cannot be read.',
  'no regular file': 'is no regular file. Delete it, or set SLIPWAY_HOME.',
  'of another user': 'belongs to another user. Delete it, or set SLIPWAY_HOME.',
};

/**
 * Reads `runtime.json`; undefined when there is none.
 *
 * It holds a password, and whoever can write it can send a kernel to another server. So it must
 * belong to this user and be closed to all others.
 * @throws {RuntimeFileError}
 */
export async function readRuntimeFile(directory: string): Promise<RuntimeFile | undefined> {
  const path = join(directory, RUNTIME_FILE);
  const text = await readPrivateFile(path);
  if (text === undefined) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new RuntimeFileError(`${path} is not JSON. Delete it and start the kernel again.`, {
      cause,
    });
  }
  const { url, pid, username, password } = Object(content) as Record<string, unknown>;
  if (
    typeof url !== 'string' ||
    typeof pid !== 'number' ||
    typeof username !== 'string' ||
    typeof password !== 'string'
  ) {
    throw new RuntimeFileError(
      `${path} does not say where the server is. Delete it and start the kernel again.`,
    );
  }
  return { pid, location: { url, credentials: { kind: 'password', username, password } } };
}

async function readPrivateFile(path: string): Promise<string | undefined> {
  let file: OwnFile | undefined;
  try {
    file = await readOwnFile(path);
  } catch (error) {
    if (!(error instanceof OwnFileError)) throw error;
    throw new RuntimeFileError(`${path} ${DISTRUST[error.problem]}`, { cause: error });
  }
  if (file === undefined) return undefined;
  if (process.getuid !== undefined && (file.mode & 0o077) !== 0) {
    const octal = file.mode.toString(8);
    throw new RuntimeFileError(
      `${path} is open to other users (mode ${octal}) and may have been changed. Delete it and start the server again.`,
    );
  }
  return file.text;
}

/** Whether a process of this id runs, and may be signalled by us. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
