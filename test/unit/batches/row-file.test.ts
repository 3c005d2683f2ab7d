import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRows, writeRows } from '../../../src/server/batches/row-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-rows-'));
  path = join(folder, 'rows');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const write = (rows: readonly string[]) =>
  writeRows(path, Readable.from(rows.map((row) => Buffer.from(row))));

async function read(total: number): Promise<string[]> {
  const rows: string[] = [];
  for await (const { index, body } of readRows(path, total)) rows[index] = body.toString();
  return rows;
}

describe('rows of a batch', () => {
  it.each([
    ['none', []],
    ['some', ['{"x":1}', '{}', '{"y":"é"}']],
    ['larger than what is read at once', ['a'.repeat(1_000_000), '{}', 'b'.repeat(600_000)]],
  ])('come back as they were written (%s)', async (_, rows) => {
    expect(await write(rows)).toBe(rows.length);
    expect(await read(rows.length)).toEqual(rows);
  });

  it.each([
    ['in a row', async () => truncate(path, (await readFile(path)).length - 1), 1],
    ['in a length', async () => truncate(path, 11 + 2), 1],
    ['after a row', async () => truncate(path, 11), 1],
    ['with more than there were', async () => writeFile(path, Buffer.alloc(8), { flag: 'a' }), 4],
  ])('that end elsewhere are told of, and not taken for all (%s)', async (_, spoil, whole) => {
    await write(['{"x":1}', '{"x":2}']);
    await spoil();
    await expect(read(2)).rejects.toThrow(`it ends after ${whole} whole rows, of 2`);
  });
});
