import { describe, expect, it } from 'vitest';
import type { Row } from '../../../src/server/batches/row-file.js';
import { RowsInHand } from '../../../src/server/batches/rows-in-hand.js';

const MEBIBYTE = 1024 * 1024;

/** Rows that are made as they are asked for, and how many have been. */
function rowsOf(total: number, bytes: number) {
  const made = { count: 0 };
  async function* rows(): AsyncGenerator<Row, void> {
    for (let index = 0; index < total; index += 1) {
      made.count += 1;
      yield { index, body: Buffer.alloc(bytes) };
    }
  }
  return { made, rows: rows() };
}

/** Lets everything happen that waits for nothing. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('rows of a batch in memory', () => {
  it('are no more than may be, though a thousand of 1 MiB are asked for at once', async () => {
    const { made, rows } = rowsOf(1000, MEBIBYTE);
    const inHand = new RowsInHand(rows, { bytes: 32 * MEBIBYTE, rows: 2 });
    let most = 0;
    let out = 0;
    const indexes: number[] = [];
    const lane = async () => {
      for (let row = await inHand.take(); row !== undefined; row = await inHand.take()) {
        out += 1;
        most = Math.max(most, out);
        indexes.push(row.index);
        await settled();
        out -= 1;
        inHand.done(row);
      }
    };
    await Promise.all(Array.from({ length: 1000 }, lane));
    expect([most, made.count]).toEqual([32, 1000]);
    expect(indexes).toEqual(indexes.map((_, index) => index));
  });

  it('are one for each worker, however large they are', async () => {
    const { made, rows } = rowsOf(10, 5);
    const inHand = new RowsInHand(rows, { bytes: 1, rows: 3 });
    const takes = Array.from({ length: 10 }, () => inHand.take());
    await settled();
    expect(made.count).toBe(3);
    inHand.done((await takes[0]) as Row);
    await settled();
    expect(made.count).toBe(4);
    inHand.close();
    expect(await Promise.all(takes.slice(4))).toEqual(new Array(6).fill(undefined));
    await rows.return();
  });

  it('end for all who ask when they cannot be read, with the reason for one', async () => {
    async function* rows(): AsyncGenerator<Row, void> {
      yield { index: 0, body: Buffer.from('{}') };
      throw new Error('damaged');
    }
    const inHand = new RowsInHand(rows(), { bytes: 1000, rows: 1 });
    const taken = await Promise.allSettled([inHand.take(), inHand.take(), inHand.take()]);
    expect(
      taken.map((one) => (one.status === 'rejected' ? one.reason.message : one.value?.index)),
    ).toEqual([0, 'damaged', undefined]);
  });
});
