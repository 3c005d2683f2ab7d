import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Copies a file to where none is, and waits until it is on the disk.
 * @returns its bytes
 */
export async function copySynced(from: string, to: string): Promise<number> {
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  // Where the file system can share what is the same, it does.
  await copyFile(from, to, constants.COPYFILE_FICLONE);
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
