import { constants, createWriteStream, type Dirent } from 'node:fs';
import { lstat, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { StagingDirectory, WorkFile, WorkFiles } from '../types.js';

/** Bytes of the longest name that common file systems take. */
const MAX_NAME_BYTES = 255;
/** Bytes of the longest path that is accepted, below every system's limit. */
const MAX_PATH_BYTES = 1024;

/**
 * The working directory of a local session. Code in the session may put links into it, so each
 * path is followed down by hand: a link is never crossed.
 */
export class LocalWorkFiles implements WorkFiles {
  readonly #root: string;
  readonly #staging: string;

  constructor(root: string, staging: string) {
    this.#root = root;
    this.#staging = staging;
  }

  async list(): Promise<readonly WorkFile[]> {
    const files: WorkFile[] = [];
    if (!(await this.#hasRoot())) return files;
    // Node's own recursion would follow links to folders.
    const folders = [''];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const entry of await this.#entries(folder)) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) folders.push(path);
        if (!entry.isFile()) continue;
        const size = await this.#size(path);
        if (size !== undefined) files.push({ path, size });
      }
    }
    return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  async read(path: string): Promise<NodeJS.ReadableStream> {
    const target = await this.#resolve(path);
    // A named pipe would keep a thread until somebody writes to it.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(target, flags).catch((error: NodeJS.ErrnoException) => {
      throw isAbsent(error) ? new FileNotFoundError(path, { cause: error }) : error;
    });
    const stats = await handle.stat();
    if (!stats.isFile()) {
      await handle.close();
      throw new FileNotFoundError(path);
    }
    return handle.createReadStream();
  }

  async write(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#requireRoot(path);
    const target = await this.#resolve(path);
    const staging = await this.createStaging();
    try {
      const draft = join(staging.directory, 'upload');
      await pipeline(content, createWriteStream(draft, { flags: 'wx', mode: 0o600 }));
      // A session that has ended meanwhile must not get its folder back.
      await this.#requireRoot(path);
      await mkdir(dirname(target), { recursive: true });
      await rename(draft, target).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'EISDIR') {
          throw new UnsafePathError(path, 'is a directory in the session; choose another name');
        }
        throw error;
      });
    } finally {
      await staging.release();
    }
  }

  async remove(path: string): Promise<void> {
    const target = await this.#resolve(path);
    const stats = await lstat(target).catch((error: NodeJS.ErrnoException) => {
      throw isAbsent(error) ? new FileNotFoundError(path, { cause: error }) : error;
    });
    if (stats.isDirectory()) throw new FileNotFoundError(path);
    await rm(target);
  }

  async createStaging(): Promise<StagingDirectory> {
    const directory = await mkdtemp(join(this.#staging, 'draft-'));
    return { directory, release: () => rm(directory, { recursive: true, force: true }) };
  }

  /** Whether the folder is there and a folder: code of the session may have put a link there. */
  async #hasRoot(): Promise<boolean> {
    try {
      return (await lstat(this.#root)).isDirectory();
    } catch (error) {
      if (isAbsent(error as NodeJS.ErrnoException)) return false;
      throw error;
    }
  }

  /** @throws {UnsafePathError} */
  async #requireRoot(path: string): Promise<void> {
    if (await this.#hasRoot()) return;
    throw new UnsafePathError(
      path,
      'cannot be written: the session has ended, or its code has removed its folder. Create another session',
    );
  }

  /** What is in a folder; code of the session may have removed it, the topmost one included. */
  async #entries(folder: string): Promise<readonly Dirent[]> {
    try {
      return await readdir(join(this.#root, folder), { withFileTypes: true });
    } catch (error) {
      if (isAbsent(error as NodeJS.ErrnoException)) return [];
      throw error;
    }
  }

  async #size(path: string): Promise<number | undefined> {
    try {
      return (await lstat(join(this.#root, path))).size;
    } catch (error) {
      if (isAbsent(error as NodeJS.ErrnoException)) return undefined;
      throw error;
    }
  }

  /** The absolute path of a file below the root, none of whose folders is a link. */
  async #resolve(path: string): Promise<string> {
    const parts = checkPath(path);
    if (!(await this.#hasRoot())) throw new FileNotFoundError(path);
    let folder = this.#root;
    for (const part of parts.slice(0, -1)) {
      folder = join(folder, part);
      const stats = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
        if (isAbsent(error)) return undefined;
        throw error;
      });
      if (stats !== undefined && !stats.isDirectory()) {
        throw new UnsafePathError(path, `goes through ${part}, which is not a folder`);
      }
    }
    return join(folder, parts.at(-1) ?? '');
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

function isAbsent(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ELOOP';
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
