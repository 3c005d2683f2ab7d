import type { Readable } from 'node:stream';
import { FileNotFoundError, UnsafePathError, type WorkFiles } from '../../compute/index.js';
import { BadFileNameError, SessionFileNotFoundError } from './errors.js';

/** The files of a session, with failures as callers of the API see them. */
export class SessionFiles {
  readonly #files: WorkFiles;

  constructor(files: WorkFiles) {
    this.#files = files;
  }

  /** Relative paths, sorted. */
  async list(): Promise<string[]> {
    return (await this.#files.list()).map((file) => file.path);
  }

  /** @throws {SessionFileNotFoundError} or {BadFileNameError} */
  read(path: string): Promise<NodeJS.ReadableStream> {
    return translate(this.#files.read(path));
  }

  /** Writes a file whole or not at all. @throws {BadFileNameError} */
  write(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    return translate(this.#files.write(path, content));
  }

  /** @throws {SessionFileNotFoundError} or {BadFileNameError} */
  remove(path: string): Promise<void> {
    return translate(this.#files.remove(path));
  }
}

/** Copies all files of a session into another; one that goes meanwhile is passed over. */
export async function copyFiles(from: SessionFiles, to: SessionFiles): Promise<void> {
  for (const path of await from.list()) {
    try {
      await to.write(path, (await from.read(path)) as Readable);
    } catch (error) {
      if (!(error instanceof SessionFileNotFoundError)) throw error;
    }
  }
}

async function translate<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof FileNotFoundError) {
      throw new SessionFileNotFoundError(error.message, { cause: error });
    }
    if (error instanceof UnsafePathError) {
      throw new BadFileNameError(error.message, { cause: error });
    }
    throw error;
  }
}
