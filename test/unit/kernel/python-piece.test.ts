import { describe, expect, it } from 'vitest';
import { mayHoldMagic, pieceSource } from '../../../kernel/cell/python-piece.js';

describe('the source of a piece of a cell', () => {
  it('begins on the line that it has in the cell, past IPython’s stripping of blank lines', () => {
    const source = pieceSource('raise ValueError\n', 4, true);
    expect(source.split('\n')[3]).toBe('raise ValueError');
    expect(source.split('\n')[0]).toBe('#');
  });

  it('does not end with an expression unless the cell does', () => {
    expect(pieceSource('x\n', 1, false)).toBe('x\npass\n');
    expect(pieceSource('x', 1, true)).toBe('x');
  });
});

describe('the look for magics in a request', () => {
  it('sees a percent sign, also an escaped one, and nothing else', () => {
    expect(mayHoldMagic(Buffer.from('{"code":"%services"}'))).toBe(true);
    expect(mayHoldMagic(Buffer.from('{"code":"\\u0025services"}'))).toBe(true);
    expect(mayHoldMagic(Buffer.from('{"code":"print(1)"}'))).toBe(false);
  });
});
