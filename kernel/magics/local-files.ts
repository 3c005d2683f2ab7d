import { randomUUID } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
export async function openLocalFile(path: string, flags: 'r' | 'r+'): Promise<FileHandle> {
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
 * Writes a download into a file of the notebook's machine. One that is replaced stays as it is
 * until the download is whole; what is half written is removed.
 * @throws {MagicError} when the file exists and may not be replaced, or cannot be written.
 */
export async function saveDownload(
  download: () => Promise<Readable>,
  path: string,
  options: { replace: boolean; signal: AbortSignal },
): Promise<void> {
  const { signal } = options;
  const old = options.replace ? await findReplaceable(path) : undefined;
  try {
    if (old === undefined) return await writeNew(download, path, { mode: 0o600, signal });
    const part = join(dirname(old.path), `.slipway-${randomUUID()}`);
    await writeNew(download, part, { mode: old.mode, signal });
    await rename(part, old.path);
  } catch (error) {
    throw localFileError(error, path);
  }
}

/** The file that a download is to replace, with its mode and without links; undefined for none. */
async function findReplaceable(path: string): Promise<{ path: string; mode: number } | undefined> {
  try {
    const file = await openLocalFile(path, 'r+');
    const stats = await file.stat().finally(() => file.close());
    if (!stats.isFile()) throw new MagicError('OSError', `${path} is no regular file; name one.`);
    return { path: await realpath(path), mode: stats.mode & 0o777 };
  } catch (error) {
    if (error instanceof MagicError && error.ename === 'FileNotFoundError') return undefined;
    throw error;
  }
}

/** Writes a download into a file that is not there yet. */
async function writeNew(
  download: () => Promise<Readable>,
  path: string,
  { mode, signal }: { mode: number; signal: AbortSignal },
): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await pipeline(await download(), file.createWriteStream(), { signal });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
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
