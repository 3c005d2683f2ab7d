import { describe, expect, it } from 'vitest';
import { failureBlocks, failureText } from '../../../kernel/magics/batch-failures.js';
import { toBundle } from '../../../kernel/output/index.js';

const rows = (numbers: readonly number[], message: string) =>
  numbers.map((row) => ({ row, message }));
const upTo = (end: number) => Array.from({ length: end }, (_, row) => row);
const card = (failed: readonly { row: number; message: string }[], total: number) =>
  toBundle({ blocks: failureBlocks(failed, total) })['text/plain'];

describe('rows of a batch that have failed', () => {
  it('have a line each where each has its reason', () => {
    const failed = [...rows([3], 'too long'), ...rows([17], 'too wide')];
    expect(failureText(failed, 20)).toBe(
      '2 of 20 rows failed:\n  row 3: too long\n  row 17: too wide',
    );
    expect(card(failed, 20)).toMatch(/^Row {2}Why\n.*\n {2}3 {2}too long\n 17 {2}too wide$/m);
  });

  it('stand together where the reason is the same, and only the first are named', () => {
    const failed = [
      ...rows(upTo(500), 'no ones'),
      ...rows([700, 701, 702, 703, 704, 705], 'sixes'),
    ];
    expect(failureText(failed, 1000)).toBe(
      '506 of 1,000 rows failed:\n  rows 0, 1, 2, 3, 4 and 495 more: no ones\n  rows 700, 701, 702, 703, 704, 705: sixes',
    );
    expect(card(failed, 1000)).toMatch(/^Rows .*Why$\n.*\n0, 1, 2, 3, 4 and 495 more +no ones$/m);
  });

  it('are counted where there are more than ten reasons', () => {
    const failed = upTo(13).map((row) => ({ row, message: `reason ${row}` }));
    expect(failureText(failed, 13)).toMatch(
      / {2}row 9: reason 9\n {2}and 3 rows for other reasons$/,
    );
    expect(card(failed, 13)).toContain('… and 3 rows for other reasons.');
  });

  it('are none', () => {
    expect(failureBlocks([], 5)).toEqual([]);
  });
});
