import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { BatchId, RServerClient } from '../../src/client/index.js';
import { MagicError } from '../magic-context.js';
import { saveDownload } from './local-files.js';
import type { Report } from './progress.js';

/** Rows whose files are fetched at the same time. */
const CONCURRENCY = 4;

/**
 * Saves the files that the rows of a batch have left on the machine of the notebook, those of row 7
 * in the folder `7`. Files that are there are replaced.
 * @returns where they are, and how many
 * @throws {MagicError} when one cannot be written.
 */
export async function saveBatchFiles(
  client: RServerClient,
  batch: BatchId,
  rows: number,
  folder: string,
  signal: AbortSignal,
  report: Report,
): Promise<{ readonly folder: string; readonly count: number }> {
  const root = resolve(folder);
  const pending = Array(rows).keys();
  let [done, saved] = [0, 0];
  const saveSome = async () => {
    for (const row of pending) {
      signal.throwIfAborted();
      for (const name of await client.batches.files(batch, row)) {
        const path = pathOf(root, row, name);
        await mkdir(dirname(path), { recursive: true });
        const download = () => client.batches.file(batch, row, name);
        await saveDownload(download, path, { replace: true, signal });
        saved += 1;
      }
      done += 1;
      report({ done: done / rows, text: `${done} of ${rows} rows` });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, saveSome));
  return { folder: root, count: saved };
}

/** A server may send any name; it must not lead out of the folder. */
function pathOf(root: string, row: number, name: string): string {
  const parts = name.split(/[/\\]/);
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
    throw new MagicError(
      'OSError',
      `The server names a file ${JSON.stringify(name)}, which leads out of its folder; it is not saved.`,
    );
  }
  return join(root, `${row}`, ...parts);
}
