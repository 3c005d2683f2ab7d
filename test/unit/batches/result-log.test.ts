import { appendFile, mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResultLog } from '../../../src/server/batches/result-log.js';
import { findRecords, recordHeader } from '../../../src/server/batches/result-records.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-results-'));
  path = join(folder, 'results');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const result = (index: number, answer = `{"row":${index}}`) => ({
  index,
  answer: Buffer.from(answer),
});
async function inside(log: ResultLog, rows = log.prefix): Promise<string> {
  const { length, stream } = await log.inside(rows);
  const found = await text(stream);
  expect(Buffer.byteLength(found)).toBe(length);
  return found;
}

describe('results of a batch', () => {
  it('come back in the order of the rows, however they were written', async () => {
    const log = await ResultLog.resume(path, 4);
    await log.append([result(2), result(0)]);
    await log.append([result(1)]);
    expect(await inside(log)).toBe('{"row":0},{"row":1},{"row":2}');
    expect(await inside(log, 2)).toBe('{"row":0},{"row":1}');
    expect(await inside(log, 0)).toBe('');
    await log.close();
    const again = await ResultLog.read(path, 4);
    expect(await inside(again)).toBe('{"row":0},{"row":1},{"row":2}');
    expect([0, 1, 2, 3, 4].map((row) => again.has(row))).toEqual([true, true, true, false, false]);
  });

  it('count as far as there is no gap', async () => {
    const log = await ResultLog.resume(path, 3);
    await log.append([result(1)]);
    expect([log.prefix, log.has(1)]).toEqual([0, true]);
    await log.append([result(0)]);
    expect(log.prefix).toBe(2);
    await log.close();
  });

  it('larger than what is read at once are whole, too', async () => {
    const log = await ResultLog.resume(path, 3);
    const large = `"${'é'.repeat(800_000)}"`;
    await log.append([result(1, large), result(0), result(2, large)]);
    await log.close();
    for (const again of [await ResultLog.read(path, 3), await ResultLog.resume(path, 3)]) {
      expect(await inside(again)).toBe(`{"row":0},${large},${large}`);
      await again.close();
    }
  });

  it('can be read to the end when they are deleted meanwhile', async () => {
    const log = await ResultLog.resume(path, 1);
    await log.append([result(0)]);
    const { stream } = await log.inside(1);
    await log.close();
    await rm(path);
    expect(await text(stream)).toBe('{"row":0}');
  });
});

describe('a file that was not written to its end', () => {
  it.each([1, 5, 12, 15])(
    'loses no more than the last record when %i bytes are missing',
    async (missing) => {
      const log = await ResultLog.resume(path, 3);
      await log.append([result(0), result(1)]);
      const { length } = await readFile(path);
      await log.append([result(2)]);
      await log.close();
      await truncate(path, (await readFile(path)).length - missing);

      const again = await ResultLog.resume(path, 3);
      expect([again.prefix, (await readFile(path)).length]).toEqual([2, length]);
      await again.append([result(2)]);
      expect(await inside(again)).toBe('{"row":0},{"row":1},{"row":2}');
      await again.close();
    },
  );

  it('is cut off where its content is not what its checksum says', async () => {
    const log = await ResultLog.resume(path, 2);
    await log.append([result(0), result(1)]);
    await log.close();
    const bytes = await readFile(path);
    bytes[bytes.length - 2] = 0;
    await writeFile(path, bytes);
    const again = await ResultLog.resume(path, 2);
    expect(again.prefix).toBe(1);
    await again.close();
  });
});

describe('a file that is damaged in its middle', () => {
  async function damaged(change: (bytes: Buffer, record: number) => void): Promise<ResultLog> {
    const log = await ResultLog.resume(path, 4);
    for (const index of [0, 1, 2]) await log.append([result(index)]);
    await log.close();
    const bytes = await readFile(path);
    change(bytes, bytes.length / 3);
    await writeFile(path, bytes);
    return await ResultLog.resume(path, 4);
  }

  it.each([
    ['the answer', (bytes: Buffer, record: number) => bytes.fill('x', record + 15, record + 18)],
    ['the row', (bytes: Buffer, record: number) => bytes.writeUInt32BE(3, record)],
    ['the length', (bytes: Buffer, record: number) => bytes.writeUInt32BE(0xffffffff, record + 4)],
    ['the checksum', (bytes: Buffer, record: number) => bytes.writeUInt32BE(0, record + 8)],
    ['all of it', (bytes: Buffer, record: number) => bytes.fill(0, record, 2 * record)],
  ])('has lost that one record (%s), and those behind it are there', async (_what, change) => {
    const log = await damaged(change);
    expect([0, 1, 2, 3].map((row) => log.has(row))).toEqual([true, false, true, false]);
    expect([log.prefix, log.damaged]).toEqual([1, 12 + result(1).answer.length]);
    await log.append([result(1), result(3)]);
    const all = '{"row":0},{"row":1},{"row":2},{"row":3}';
    expect(await inside(log)).toBe(all);
    await log.close();
    expect(await inside(await ResultLog.read(path, 4))).toBe(all);
  });

  it('is read beyond the zeros that are left where power was cut', async () => {
    const log = await ResultLog.resume(path, 2);
    await log.append([result(0)]);
    await log.close();
    const { length } = await readFile(path);
    await truncate(path, length + 5_000_000);
    await appendFile(path, Buffer.concat([recordHeader(result(1)), result(1).answer]));
    const again = await ResultLog.resume(path, 2);
    expect([again.prefix, again.damaged]).toEqual([2, 5_000_000]);
    expect(await inside(again)).toBe('{"row":0},{"row":1}');
    await again.close();
  });

  it('is read to where it ends when a server cuts it off at that moment', async () => {
    const log = await ResultLog.resume(path, 2);
    const large = `"${'x'.repeat(3_000_000)}"`;
    await log.append([result(0), result(1, large)]);
    await log.close();
    const file = await open(path, 'r');
    try {
      const real = file.stat.bind(file);
      file.stat = (async () => {
        const found = await real();
        await truncate(path, 1_500_000);
        return found;
      }) as typeof file.stat;
      const rows: number[] = [];
      const { end } = await findRecords(file, 2, (index) => rows.push(index));
      expect([rows, end]).toEqual([[0], 12 + result(0).answer.length]);
    } finally {
      await file.close();
    }
  });
});
