import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchFile, Store } from '../store/index.js';
import type { KeepFiles } from './result-writer.js';

/**
 * Keeps the files that rows of a batch leave: their content once each, under its hash, and their
 * names in the database.
 * @param staging path of a directory that is made for each group of rows and taken away again
 */
export function fileKeeper(store: Store, batchId: string, staging: string): KeepFiles {
  return async (rows) => {
    // Names may hold folders, and rows share names: what is staged is numbered instead.
    const all = rows.flatMap(({ index, files }) => files.map((file) => ({ index, ...file })));
    await mkdir(staging, { mode: 0o700 });
    try {
      for (const [number, { content }] of all.entries()) {
        await writeFile(join(staging, `${number}`), content, { mode: 0o600 });
      }
      const { files } = await store.blobs.ingest(staging);
      const records = files.map(({ path, sha256, size }): BatchFile => {
        const { index, name } = all[Number(path)] as (typeof all)[number];
        return { item: index, name, sha256, size };
      });
      await store.batches.addFiles(batchId, records);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  };
}
