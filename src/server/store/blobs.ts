import { createHash } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import {
  chmod,
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { syncDirectory } from '../files.js';
import { forEachLimited } from './concurrency.js';

/** One file of a snapshot directory. */
export interface TreeFile {
  /** Relative to the snapshot directory, with `/` between its parts. */
  readonly path: string;
  /** Of the content, in hexadecimal. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Permission bits that it had. */
  readonly mode: number;
}

/** The content-addressed files of a snapshot directory, sorted by path. */
export interface SnapshotTree {
  readonly files: readonly TreeFile[];
}

/** Files hashed, or linked, at the same time. */
const CONCURRENCY = 4;

/**
 * Blobs touched within this time (milliseconds) are not garbage, even if nothing refers to them
 * yet: a snapshot that is being saved is recorded only when all of its content is there.
 */
const GARBAGE_AGE = 60 * 60 * 1000;

const SHA256 = /^[0-9a-f]{64}$/;

/**
 * Content-addressed files: each content is kept once, under its SHA-256, read-only. What `ingest`
 * has returned survives the loss of power.
 */
export class BlobStore {
  readonly #root: string;

  /** @param root absolute path of an existing directory that only the server writes to */
  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Takes over the content of a directory, which must be on the same file system; afterwards the
   * directory is an empty shell that the caller removes.
   * @throws {UnsupportedFileError} when it holds a link, a socket or another special file
   */
  async ingest(directory: string): Promise<SnapshotTree> {
    const sources = await listFiles(directory);
    const touched = new Set<string>();
    const files = await forEachLimited(sources, CONCURRENCY, async (source) => {
      const { size, mode, sha256 } = await digest(source);
      const target = this.#path(sha256);
      if (!touched.has(dirname(target))) {
        await mkdir(dirname(target), { recursive: true, mode: 0o700 });
        touched.add(dirname(target));
      }
      await this.#moveIntoPlace(source, target, size);
      return { path: relative(directory, source).split(sep).join('/'), sha256, size, mode };
    });
    await forEachLimited([this.#root, ...touched], CONCURRENCY, syncDirectory);
    return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
  }

  /**
   * Builds the directory of a snapshot again. Its files are hard links to the blobs where the file
   * system allows: they are to be read, never written.
   * @param target absolute path of a directory that is created
   * @throws {MissingBlobError} when content has been lost
   */
  async materialise(tree: SnapshotTree, target: string): Promise<void> {
    const directories = new Set(tree.files.map((file) => dirname(resolveInside(target, file))));
    await mkdir(target, { recursive: true, mode: 0o700 });
    for (const directory of [...directories].sort()) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    }
    await forEachLimited(tree.files, CONCURRENCY, async (file) => {
      await this.#linkOrCopy(this.#path(file.sha256), resolveInside(target, file), file);
    });
  }

  /** The content of a blob. A missing one is an `ENOENT` error event of the stream. */
  open(sha256: string): Readable {
    return createReadStream(this.#path(sha256));
  }

  /**
   * Removes the blobs that nothing keeps and that are older than an hour.
   * @param keep the SHA-256 of all content in use
   * @returns how many were removed
   */
  async collectGarbage(keep: ReadonlySet<string>): Promise<number> {
    const youngest = Date.now() - GARBAGE_AGE;
    let removed = 0;
    for (const shard of await readdir(this.#root)) {
      for (const rest of await readdir(join(this.#root, shard))) {
        if (keep.has(shard + rest)) {
          continue;
        }
        const path = join(this.#root, shard, rest);
        if ((await stat(path)).mtimeMs < youngest) {
          await rm(path, { force: true });
          removed += 1;
        }
      }
    }
    return removed;
  }

  async #moveIntoPlace(source: string, target: string, size: number): Promise<void> {
    const existing = await statIfThere(target);
    if (existing?.size === size) {
      await rm(source);
    } else {
      await chmod(source, 0o400);
      await rename(source, target);
    }
    const now = new Date();
    await utimes(target, now, now);
  }

  async #linkOrCopy(blob: string, path: string, file: TreeFile): Promise<void> {
    try {
      await link(blob, path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') {
        throw new MissingBlobError(file, { cause: error });
      }
      if (code !== 'EXDEV' && code !== 'EMLINK' && code !== 'EPERM' && code !== 'ENOTSUP') {
        throw error;
      }
      await copyFile(blob, path);
    }
  }

  #path(sha256: string): string {
    if (!SHA256.test(sha256)) {
      throw new TypeError(`${sha256} is not a SHA-256 in hexadecimal.`);
    }
    return join(this.#root, sha256.slice(0, 2), sha256.slice(2));
  }
}

/** Thrown when a snapshot holds something else than files and directories. */
export class UnsupportedFileError extends Error {
  readonly code = 'UNSUPPORTED_FILE';
  override readonly name = 'UnsupportedFileError';
}

/** Thrown when the content of a snapshot is no longer in the data directory. */
export class MissingBlobError extends Error {
  readonly code = 'MISSING_BLOB';
  override readonly name = 'MissingBlobError';

  constructor(file: TreeFile, options: ErrorOptions) {
    super(
      `The content of ${file.path} (SHA-256 ${file.sha256}) is missing in the data directory. Restore the directory from a backup, or save the snapshot again.`,
      options,
    );
  }
}

/** Absolute paths of all files below a directory. */
async function listFiles(directory: string): Promise<string[]> {
  const found: string[] = [];
  const pending = [directory];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const entries: Dirent[] = await readdir(next, { withFileTypes: true });
    for (const entry of entries) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) {
        pending.push(path);
      } else if (entry.isFile()) {
        found.push(path);
      } else {
        throw new UnsupportedFileError(
          `${relative(directory, path)} is neither a file nor a directory, so a snapshot cannot hold it. Leave it out.`,
        );
      }
    }
  }
  return found;
}

/** Hashes a file and waits until its content is on the disk. */
async function digest(path: string): Promise<{ sha256: string; size: number; mode: number }> {
  const file = await open(path, 'r');
  try {
    const { mode } = await file.stat();
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
    await file.sync();
    return { sha256: hash.digest('hex'), size, mode: mode & 0o777 };
  } finally {
    await file.close();
  }
}

async function statIfThere(path: string): Promise<{ size: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

function resolveInside(target: string, file: TreeFile): string {
  const parts = file.path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new UnsupportedFileError(`${file.path} is not a path inside of a snapshot.`);
  }
  return join(target, ...parts);
}
