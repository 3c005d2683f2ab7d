import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../files.js';
import { writeRows } from './row-file.js';

/** Folder of the data directory with a folder per batch. */
const DIRECTORY = 'batches';

/** Where the files of batches are. */
export class BatchDirectory {
  readonly #path: string;

  constructor(dataDirectory: string) {
    this.#path = join(dataDirectory, DIRECTORY);
  }

  /** Its rows, as long as there are some to run. */
  rows(id: string): string {
    return join(this.#path, id, 'rows');
  }

  results(id: string): string {
    return join(this.#path, id, 'results');
  }

  /** Where files of rows are put together before they are kept. */
  staging(id: string): string {
    return join(this.#path, id, 'staging');
  }

  /** Ids of all batches that have files. */
  async ids(): Promise<string[]> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    return readdir(this.#path);
  }

  /** Writes the rows of a new batch, which then are on the disk. @returns how many there are */
  async create(id: string, rows: AsyncIterable<Buffer>): Promise<number> {
    const directory = join(this.#path, id);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const total = await writeRows(this.rows(id), rows);
    await syncDirectory(directory);
    await syncDirectory(this.#path);
    return total;
  }

  /** Removes what a server that was killed has left of its work on a batch. */
  async tidy(id: string): Promise<void> {
    await rm(this.staging(id), { recursive: true, force: true });
  }

  /** Removes all files of a batch, where there are some. */
  async discard(id: string): Promise<void> {
    await rm(join(this.#path, id), { recursive: true, force: true });
  }
}
