import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A folder that is held open, so that what is done in it is done in that folder, whatever its path
 * leads to meanwhile: code of a session may put a link in its place at any moment.
 *
 * Node cannot name a file relative to a descriptor; Linux has a path for each descriptor instead.
 * Elsewhere the folder's own path is used, and sessions are not isolated there anyway.
 */
export class HeldDirectory {
  /** A path to the folder itself. */
  readonly path: string;
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.path = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : path;
  }

  /** @throws `ENOTDIR` for a link, or what is no folder. The folders above it must be trusted. */
  static async open(path: string): Promise<HeldDirectory> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    return new HeldDirectory(await open(path, flags), path);
  }

  /** Opens a folder in this one. @throws `ENOTDIR` for a link, or what is no folder */
  enter(name: string): Promise<HeldDirectory> {
    return HeldDirectory.open(this.at(name));
  }

  /** The path of something in the folder. */
  at(name: string): string {
    return join(this.path, name);
  }

  entries(): Promise<Dirent[]> {
    return readdir(this.path, { withFileTypes: true });
  }

  /**
   * Opens a regular file in the folder to be read; undefined for anything else: a link, or a named
   * pipe, which would keep a thread until somebody writes to it.
   */
  async openFile(name: string): Promise<FileHandle | undefined> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    let handle: FileHandle;
    try {
      handle = await open(this.at(name), flags);
    } catch (error) {
      // A link, and a socket.
      const { code = '' } = error as NodeJS.ErrnoException;
      if (['ELOOP', 'ENXIO'].includes(code)) return undefined;
      throw error;
    }
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
    return undefined;
  }

  /** Makes the folder an account's own. */
  async giveTo(account: number): Promise<void> {
    await this.#handle.chown(account, account);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}
