import { createWriteStream, type Stats } from 'node:fs';
import { lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { v4 as uuid } from 'uuid';
import type { Delivery, StagingDirectory, WorkFile, WorkFiles } from '../types.js';
import { HeldDirectory } from './held-directory.js';
import { sealedCopy } from './sealed-copy.js';

/** Bytes of the longest name that common file systems take. */
const MAX_NAME_BYTES = 255;
/** Bytes of the longest path that is accepted, below every system's limit. */
const MAX_PATH_BYTES = 1024;

/** The folders of a session, each an absolute path. */
export interface WorkPlaces {
  /** Its working directory. */
  readonly workDirectory: string;
  /** Parent of the folders that it writes to besides that. */
  readonly stagingDirectory: string;
  /** Parent of the folders that it may read and not change. */
  readonly inboxDirectory: string;
  /** Parent of the folders that it cannot reach. */
  readonly sealedDirectory: string;
}

/** Whose the files of a session are, where the server and its sessions have different accounts. */
export interface Owner {
  /** Whether the session is kept from what is others', so that what it leaves is not trusted. */
  readonly isApart: boolean;
  /** The account of the session; undefined for the server's own. */
  readonly account: number | undefined;
  give(path: string): Promise<void>;
  show(directory: string): Promise<void>;
  isOwn(stats: Pick<Stats, 'uid'>): boolean;
}

/**
 * The working directory of a local session. Code in the session may put links into it at any
 * moment, so each folder on the way is held open: a link is never crossed.
 */
export class LocalWorkFiles implements WorkFiles {
  readonly #places: WorkPlaces;
  readonly #owner: Owner;

  constructor(places: WorkPlaces, owner: Owner) {
    this.#places = places;
    this.#owner = owner;
  }

  async list(): Promise<readonly WorkFile[]> {
    const files: WorkFile[] = [];
    const root = await this.#openRoot();
    if (root !== undefined) await this.#listInto(files, root, '');
    return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  async read(path: string): Promise<NodeJS.ReadableStream> {
    const { folder, name } = await this.#find(path);
    try {
      const file = await absentAsUndefined(folder.openFile(name));
      if (file === undefined) throw new FileNotFoundError(path);
      if (this.#owner.isOwn(await file.stat())) return file.createReadStream();
      await file.close();
      throw new FileNotFoundError(path);
    } finally {
      await folder.close();
    }
  }

  async write(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const parts = checkPath(path);
    await (await this.#requireRoot(path)).close();
    // Where the session cannot change it before it has its name.
    const draft = join(this.#places.inboxDirectory, `upload-${uuid()}`);
    try {
      await pipeline(content, createWriteStream(draft, { flags: 'wx', mode: 0o600 }));
      await this.#owner.give(draft);
      // A session that has ended meanwhile must not get its folder back.
      const folder = await this.#makeFolders(await this.#requireRoot(path), parts, path);
      try {
        await rename(draft, folder.at(parts.at(-1) ?? ''));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error;
        throw new UnsafePathError(path, 'is a directory in the session; choose another name');
      } finally {
        await folder.close();
      }
    } finally {
      await rm(draft, { force: true });
    }
  }

  async remove(path: string): Promise<void> {
    const { folder, name } = await this.#find(path);
    try {
      const stats = await absentAsUndefined(lstat(folder.at(name)));
      if (stats === undefined || stats.isDirectory()) throw new FileNotFoundError(path);
      await rm(folder.at(name));
    } finally {
      await folder.close();
    }
  }

  async createStaging(): Promise<StagingDirectory> {
    const directory = await mkdtemp(join(this.#places.stagingDirectory, 'draft-'));
    await this.#owner.give(directory);
    const sealed = join(this.#places.sealedDirectory, uuid());
    return {
      directory,
      seal: async () => {
        // Code that is trusted with all that its user has need not be watched: this takes no time.
        if (!this.#owner.isApart) return directory;
        await sealedCopy(directory, sealed, this.#owner);
        return sealed;
      },
      release: async () => {
        for (const path of [directory, sealed]) await rm(path, { recursive: true, force: true });
      },
    };
  }

  async createDelivery(): Promise<Delivery> {
    const directory = await mkdtemp(join(this.#places.inboxDirectory, 'for-'));
    return {
      directory,
      deliver: () => this.#owner.show(directory),
      release: () => rm(directory, { recursive: true, force: true }),
    };
  }

  async #listInto(files: WorkFile[], folder: HeldDirectory, prefix: string): Promise<void> {
    try {
      for (const entry of await folder.entries()) {
        const path = `${prefix}${entry.name}`;
        if (entry.isDirectory()) {
          // What is in it could not be named.
          if (Buffer.byteLength(path) > MAX_PATH_BYTES) continue;
          const inner = await absentAsUndefined(folder.enter(entry.name));
          if (inner !== undefined) await this.#listInto(files, inner, `${path}/`);
        } else if (entry.isFile()) {
          const stats = await absentAsUndefined(lstat(folder.at(entry.name)));
          if (stats !== undefined) files.push({ path, size: stats.size });
        }
      }
    } finally {
      await folder.close();
    }
  }

  /** The working directory; undefined when code of the session has removed or replaced it. */
  #openRoot(): Promise<HeldDirectory | undefined> {
    return absentAsUndefined(HeldDirectory.open(this.#places.workDirectory));
  }

  /** @throws {UnsafePathError} */
  async #requireRoot(path: string): Promise<HeldDirectory> {
    const root = await this.#openRoot();
    if (root !== undefined) return root;
    throw new UnsafePathError(
      path,
      'cannot be written: the session has ended, or its code has removed its folder. Create another session',
    );
  }

  /** The folder of a file, none above which is a link. @throws {FileNotFoundError} */
  async #find(path: string): Promise<{ folder: HeldDirectory; name: string }> {
    const parts = checkPath(path);
    let folder = await this.#openRoot();
    for (const part of parts.slice(0, -1)) {
      if (folder === undefined) break;
      folder = await this.#descend(folder, part, path);
    }
    if (folder === undefined) throw new FileNotFoundError(path);
    return { folder, name: parts.at(-1) ?? '' };
  }

  /** Opens the folders above a file, and makes those that are not there. Closes the root. */
  async #makeFolders(
    root: HeldDirectory,
    parts: readonly string[],
    path: string,
  ): Promise<HeldDirectory> {
    let folder = root;
    for (const part of parts.slice(0, -1)) {
      const isNew = await makeFolder(folder.at(part));
      const inner = await this.#descend(folder, part, path);
      if (inner === undefined) {
        throw new UnsafePathError(path, `goes through ${part}, which the session has removed`);
      }
      if (isNew && this.#owner.account !== undefined) await inner.giveTo(this.#owner.account);
      folder = inner;
    }
    return folder;
  }

  /**
   * Opens a folder of another, which is closed; undefined when it is not there.
   * @throws {UnsafePathError} when it is something else
   */
  async #descend(
    folder: HeldDirectory,
    part: string,
    path: string,
  ): Promise<HeldDirectory | undefined> {
    try {
      return await folder.enter(part);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      if (code !== 'ENOTDIR' && code !== 'ELOOP') throw error;
      throw new UnsafePathError(path, `goes through ${part}, which is not a folder`);
    } finally {
      await folder.close();
    }
  }
}

/**
 * Takes a relative path apart.
 * @throws {UnsafePathError} when it is absolute, climbs out, is too long or has odd characters.
 */
function checkPath(path: string): string[] {
  if (path === '') throw new UnsafePathError(path, 'is empty');
  if (path.includes('\0')) throw new UnsafePathError(path, 'contains a NUL character');
  if (path.includes('\\')) throw new UnsafePathError(path, 'contains a backslash; use /');
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) {
    throw new UnsafePathError(path, 'is absolute; give a path relative to the session’s folder');
  }
  const parts = path.split('/');
  if (parts.some((part) => part === '..' || part === '.' || part === '')) {
    throw new UnsafePathError(path, 'has an empty, "." or ".." part; give a plain relative path');
  }
  if (parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES)) {
    throw new UnsafePathError(path, `has a name of more than ${MAX_NAME_BYTES} bytes`);
  }
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new UnsafePathError(path, `is longer than ${MAX_PATH_BYTES} bytes`);
  }
  return parts;
}

/** Makes a folder where nothing is. @returns whether it did */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** What is not there, or is a link, as undefined. */
async function absentAsUndefined<Value>(result: Promise<Value>): Promise<Value | undefined> {
  try {
    return await result;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) return undefined;
    throw error;
  }
}

/** Thrown when a file name would reach outside of a session's working directory, or cannot be one. */
export class UnsafePathError extends Error {
  readonly code = 'UNSAFE_PATH';
  override readonly name = 'UnsafePathError';

  constructor(path: string, problem: string) {
    super(`The file name ${JSON.stringify(path.slice(0, 300))} ${problem}.`);
  }
}

/** Thrown when a session's working directory has no such regular file. */
export class FileNotFoundError extends Error {
  readonly code = 'FILE_NOT_FOUND';
  override readonly name = 'FileNotFoundError';

  constructor(path: string, options?: ErrorOptions) {
    super(
      `The session has no file ${JSON.stringify(path)}. List its files to see which it has.`,
      options,
    );
  }
}
