import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** What keeps a file from being trusted. */
export type OwnFileProblem = 'unreadable' | 'no regular file' | 'of another user';

/** Thrown for a file that cannot be read or that another user may have written. */
export class OwnFileError extends Error {
  readonly code = 'OWN_FILE';
  override readonly name = 'OwnFileError';

  constructor(
    readonly path: string,
    readonly problem: OwnFileProblem,
    options?: ErrorOptions,
  ) {
    super(`${path} is ${problem}.`, options);
  }
}

/** A file of this user's, and who may read and write it (`0o600`). */
export interface OwnFile {
  readonly text: string;
  readonly mode: number;
}

/** Bytes; the files that are read so hold a few settings or one secret. */
const LARGEST = 1024 * 1024;

/**
 * Reads a small file that this user owns, undefined when there is none. What is checked is the
 * file that was opened, so that it cannot be exchanged in between.
 * @param owners `root` where the file may be the administrator's, as those of containers are
 * @throws {OwnFileError}
 */
export async function readOwnFile(
  path: string,
  owners: 'self' | 'root' = 'self',
): Promise<OwnFile | undefined> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    // A pipe that nobody writes would otherwise be waited for.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new OwnFileError(path, 'unreadable', { cause: error });
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > LARGEST) throw new OwnFileError(path, 'no regular file');
    const user = process.getuid?.();
    const isOwners = stat.uid === user || (owners === 'root' && stat.uid === 0);
    if (user !== undefined && !isOwners) {
      throw new OwnFileError(path, 'of another user');
    }
    return { text: await file.readFile('utf8'), mode: stat.mode & 0o777 };
  } finally {
    await file.close();
  }
}
