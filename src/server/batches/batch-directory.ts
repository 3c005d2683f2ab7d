import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../files.js';
import { takeHold } from '../hold.js';
import { GARBAGE_HOLD } from '../store/index.js';
import { writeRows } from './row-file.js';

/** Folder of the data directory with a folder per batch. */
const DIRECTORY = 'batches';

/** Where the files of batches are. */
export class BatchDirectory {
  readonly #path: string;
  /** Held by a backup, which has to find all files that its copy of the database tells of. */
  readonly #hold: string;
  #removing: Promise<unknown> = Promise.resolve();

  constructor(dataDirectory: string) {
    this.#path = join(dataDirectory, DIRECTORY);
    this.#hold = join(dataDirectory, GARBAGE_HOLD);
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
    try {
      return await readdir(this.#path);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Bytes of the results of each batch that has some. */
  async resultSizes(): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for (const id of await this.ids()) {
      try {
        sizes.set(id, (await stat(this.results(id))).size);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    return sizes;
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

  /** Removes the rows of a batch that has ended; while a backup is made they stay. */
  async discardRows(id: string): Promise<void> {
    if (!existsSync(this.rows(id))) return;
    await this.#remove(() => rm(this.rows(id), { force: true }));
  }

  /** Removes all files of a batch, where there are some; while a backup is made they stay. */
  async discard(id: string): Promise<void> {
    await this.#remove(() => rm(join(this.#path, id), { recursive: true, force: true }));
  }

  /** Removals go one after the other, because each takes hold of the same file. */
  #remove(task: () => Promise<void>): Promise<void> {
    const removal = async () => {
      const hold = takeHold(this.#hold, 0);
      if (hold === undefined) return;
      try {
        await task();
      } finally {
        hold.release();
      }
    };
    const result = this.#removing.then(removal, removal);
    this.#removing = result;
    return result;
  }
}

/** Whether an error says that a file is not there. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
