import type { Readable } from 'node:stream';
import { FileNotFoundError, UnsafePathError } from '../../compute/index.js';
import { BadFileNameError, SessionFileNotFoundError } from './errors.js';
import type { RunningKernel } from './running-kernel.js';

/** The files of a session, with failures as callers of the API see them. */
export class SessionFiles {
  readonly #kernel: RunningKernel;

  constructor(kernel: RunningKernel) {
    this.#kernel = kernel;
  }

  /** Relative paths, sorted. */
  async list(): Promise<string[]> {
    const files = await this.#kernel.whileThere(() => this.#kernel.process.files.list());
    return files.map((file) => file.path);
  }

  /** @throws {SessionFileNotFoundError} or {BadFileNameError} */
  read(path: string): Promise<NodeJS.ReadableStream> {
    return translate(() => this.#kernel.process.files.read(path), this.#kernel);
  }

  /** Writes a file whole or not at all. @throws {BadFileNameError} */
  write(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    return translate(() => this.#kernel.process.files.write(path, content), this.#kernel);
  }

  /** @throws {SessionFileNotFoundError} or {BadFileNameError} */
  remove(path: string): Promise<void> {
    return translate(() => this.#kernel.process.files.remove(path), this.#kernel);
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

async function translate<T>(action: () => Promise<T>, kernel: RunningKernel): Promise<T> {
  return kernel.whileThere(async () => {
    try {
      return await action();
    } catch (error) {
      if (error instanceof FileNotFoundError) {
        throw new SessionFileNotFoundError(error.message, { cause: error });
      }
      if (error instanceof UnsafePathError) {
        throw new BadFileNameError(error.message, { cause: error });
      }
      throw error;
    }
  });
}
