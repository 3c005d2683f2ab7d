import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerLocation } from '../r-server-client.js';
import { RuntimeFileError } from './errors.js';

/** What a running embedded server tells the user's own processes. */
export interface RuntimeFile {
  readonly pid: number;
  readonly location: ServerLocation;
}

export const RUNTIME_FILE = 'runtime.json';

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
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new RuntimeFileError(`${path} cannot be read.`, { cause: error });
  }
  try {
    const { mode, uid } = await file.stat();
    const user = process.getuid?.();
    if (user !== undefined && uid !== user) {
      throw new RuntimeFileError(
        `${path} belongs to another user. Delete it, or set SLIPWAY_HOME.`,
      );
    }
    if (user !== undefined && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8);
      throw new RuntimeFileError(
        `${path} is open to other users (mode ${octal}) and may have been changed. Delete it and start the server again.`,
      );
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
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
