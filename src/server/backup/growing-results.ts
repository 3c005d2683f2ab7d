import { relative, sep } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BatchDirectory } from '../batches/index.js';

/**
 * The results of batches that run while a backup is made. Files of a row are in the database before
 * its result is in its file: the results of a moment before the database is copied have theirs in
 * the copy, and those that came later may not. The latter are left out, and so are the results of
 * batches begun later: their rows run again after a restore.
 */
export class GrowingResults {
  readonly #directory: BatchDirectory;
  readonly #from: string;
  readonly #sizes: ReadonlyMap<string, number>;

  private constructor(from: string, directory: BatchDirectory, sizes: ReadonlyMap<string, number>) {
    this.#from = from;
    this.#directory = directory;
    this.#sizes = sizes;
  }

  /** Notes how far they are. To be called before the database is copied. */
  static async before(dataDirectory: string): Promise<GrowingResults> {
    const directory = new BatchDirectory(dataDirectory);
    return new GrowingResults(dataDirectory, directory, await directory.resultSizes());
  }

  /**
   * Bytes to copy of the results of all batches that had not ended in a copy of the database, by
   * their path in the data directory.
   */
  limitsIn(copy: string): ReadonlyMap<string, number> {
    return new Map(
      unfinished(copy).map((id) => [
        relative(this.#from, this.#directory.results(id)).split(sep).join('/'),
        this.#sizes.get(id) ?? 0,
      ]),
    );
  }
}

/** Ids of the batches of a database that have not ended. */
function unfinished(path: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    // The first versions knew no batches.
    const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'batches'").get();
    if (table === undefined) return [];
    const rows = database.prepare('SELECT id FROM batches WHERE finished_at IS NULL').all();
    return rows.map(({ id }) => String(id));
  } finally {
    database.close();
  }
}
