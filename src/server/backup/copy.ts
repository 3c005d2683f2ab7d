import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, open, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Copies a file to where none is, and waits until it is on the disk.
 * @param most bytes that are wanted of it, from its beginning
 * @returns its bytes
 */
export async function copySynced(
  from: string,
  to: string,
  most = Number.POSITIVE_INFINITY,
): Promise<number> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  // Where the file system can share what is the same, it does.
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  if ((await stat(to)).size > most) await truncate(to, most);
  return syncFile(to);
}

/** Waits until a file is on the disk, closed to others. @returns its bytes */
export async function syncFile(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    const { size, mode } = await file.stat();
    await chmod(path, mode & 0o700);
    await file.sync();
    return size;
  } finally {
    await file.close();
  }
}
