import { constants } from 'node:fs';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HeldDirectory } from './held-directory.js';
import type { Owner } from './work-files.js';

/** Folders in folders, each of which is held open. */
const MAX_DEPTH = 500;

/**
 * Copies a folder that code of a session has written, and may still be writing, to where that code
 * cannot reach it. Links are not followed, and nothing that is not the session's own is taken.
 * @param source its parent must be trusted
 * @param target a path where nothing is yet
 * @throws {UnsafeContentError} when there is something else in it than folders and files
 */
export async function sealedCopy(source: string, target: string, owner: Owner): Promise<void> {
  const folder = await HeldDirectory.open(source).catch((error: unknown) => {
    throw new UnsafeContentError('its folder', { cause: error });
  });
  await copyInto(folder, target, owner, 0);
}

async function copyInto(
  folder: HeldDirectory,
  target: string,
  owner: Owner,
  depth: number,
): Promise<void> {
  try {
    if (depth > MAX_DEPTH) throw new UnsafeContentError('A folder in so many others');
    await mkdir(target, { mode: 0o700 });
    for (const { name } of await folder.entries()) {
      const copy = join(target, name);
      const inner = await folder.enter(name).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOTDIR' || error.code === 'ELOOP') return undefined;
        throw new UnsafeContentError(name, { cause: error });
      });
      if (inner === undefined) await copyOne(folder, name, copy, owner);
      else await copyInto(inner, copy, owner, depth + 1);
    }
  } finally {
    await folder.close();
  }
}

async function copyOne(
  folder: HeldDirectory,
  name: string,
  copy: string,
  owner: Owner,
): Promise<void> {
  const file = await folder.openFile(name).catch((error: unknown) => {
    throw new UnsafeContentError(name, { cause: error });
  });
  if (file === undefined) throw new UnsafeContentError(name);
  try {
    const stats = await file.stat();
    if (!owner.isOwn(stats)) throw new UnsafeContentError(name);
    const path = process.platform === 'linux' ? `/proc/self/fd/${file.fd}` : folder.at(name);
    // File systems that can share blocks copy nothing.
    await copyFile(path, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(copy, (stats.mode & 0o777) | 0o400);
  } finally {
    await file.close();
  }
}

/** Thrown when a session has left something else than folders and files of its own. */
export class UnsafeContentError extends Error {
  readonly code = 'UNSAFE_CONTENT';
  override readonly name = 'UnsafeContentError';

  constructor(name: string, options?: ErrorOptions) {
    super(
      `${name} is no file or folder of the session’s own, or it was changed meanwhile. Leave it out, and try again.`,
      options,
    );
  }
}
