import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowSplitter } from '../../../src/server/batches/row-splitter.js';

/** The rows of a text that comes in pieces of these sizes, over and over. */
function split(text: string, sizes: readonly number[] = [1], limit = 1000): string[] {
  const bytes = Buffer.from(text);
  const splitter = new RowSplitter(limit);
  const rows: string[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    rows.push(...splitter.push(bytes.subarray(at, at + size)).map(String));
    at += size;
  }
  splitter.end();
  return rows;
}

describe('the rows of an array', () => {
  it('are the texts that stand in it, however it is cut', () => {
    const row = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(row), sizes, (rows, pieces) => {
        const texts = rows.map((each) => JSON.stringify(each));
        expect(split(` [${texts.join(' ,\r\n')}]\n`, pieces, 1_000_000)).toEqual(texts);
      }),
    );
  });

  it('keep numbers and spaces as they were written', () => {
    expect(split('[{"x": 1.0},{"y":9007199254740993 }]')).toEqual([
      '{"x": 1.0}',
      '{"y":9007199254740993 }',
    ]);
  });

  it('may end in brackets and quotes within strings', () => {
    expect(split('[{"a":"}]\\"\\\\"},{"b":["[{"]}]')).toEqual([
      '{"a":"}]\\"\\\\"}',
      '{"b":["[{"]}',
    ]);
  });
});

describe('what is no array of objects is refused', () => {
  it.each([
    ['', 'The body is empty'],
    ['  ', 'The body is empty'],
    ['{"x":1}', 'not a JSON array'],
    ['[1]', 'Row 0 is not a JSON object'],
    ['[{},"x"]', 'Row 1 is not a JSON object'],
    ['[{},]', 'Row 1 is not a JSON object'],
    ['[,{}]', 'Row 0 is not a JSON object'],
    ['[{} {}]', 'after row 0 there is neither a comma nor the end'],
    ['[{}', 'ends within its array, after 1 rows'],
    ['[{"x":1', 'ends within its array, after 0 rows'],
    ['[{}] [', 'goes on after the end'],
  ])('%j', (text, message) => {
    expect(() => split(text)).toThrow(message);
  });

  it('a row that is too long, before it is kept whole', () => {
    expect(() => split(`[{},{"x":"${'a'.repeat(100)}`, [10], 64)).toThrow(
      'Row 1 has more than 64 bytes',
    );
  });
});
