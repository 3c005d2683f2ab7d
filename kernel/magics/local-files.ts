import { type FileHandle, open, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MagicError } from '../magic-context.js';

/** Sentences for failures of the file system of the notebook's machine. */
const FAILURES: Readonly<Record<string, readonly [ename: string, what: string]>> = {
  EEXIST: ['FileExistsError', 'exists. Add -f to replace it.'],
  ENOENT: ['FileNotFoundError', 'does not exist on the machine of this notebook.'],
  EACCES: ['PermissionError', 'may not be opened by you.'],
  EPERM: ['PermissionError', 'may not be opened by you.'],
  EISDIR: ['IsADirectoryError', 'is a folder; name a file.'],
  ENOSPC: ['OSError', 'has no space left on its disk.'],
};

/**
 * Opens a file of the notebook's machine.
 * @throws {MagicError} named as Python names the failure.
 */
export async function openLocalFile(path: string, flags: 'r' | 'w' | 'wx'): Promise<FileHandle> {
  try {
    const file = await open(path, flags, 0o600);
    if (!(await file.stat()).isDirectory()) return file;
    await file.close();
    throw Object.assign(new Error(path), { code: 'EISDIR' });
  } catch (error) {
    throw localFileError(error, path);
  }
}

/**
 * Writes a download into a file of the notebook's machine. What is half written is removed.
 * @throws {MagicError} when the file exists and may not be replaced, or cannot be written.
 */
export async function saveDownload(
  download: () => Promise<Readable>,
  path: string,
  options: { replace: boolean; signal: AbortSignal },
): Promise<void> {
  const file = await openLocalFile(path, options.replace ? 'w' : 'wx');
  try {
    await pipeline(await download(), file.createWriteStream(), { signal: options.signal });
  } catch (error) {
    await rm(path, { force: true });
    throw localFileError(error, path);
  } finally {
    await file.close();
  }
}

function localFileError(error: unknown, path: string): unknown {
  const { code } = Object(error) as { code?: unknown };
  const failure = typeof code === 'string' ? FAILURES[code] : undefined;
  if (failure === undefined) return error;
  return new MagicError(failure[0], `${path} ${failure[1]}`, undefined, { cause: error });
}
