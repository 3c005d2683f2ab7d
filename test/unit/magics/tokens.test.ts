import { describe, expect, it } from 'vitest';
import { TokenError, tokenize } from '../../../kernel/magics/tokens.js';

const raws = (line: string) => tokenize(line).map(({ raw }) => raw);
const texts = (line: string) => tokenize(line).map(({ text }) => text);

describe('tokenize', () => {
  it.each([
    [
      'Iris V1.0 flower_data=[7, 3.2, 4.7, 1.4]',
      ['Iris', 'V1.0', 'flower_data=[7, 3.2, 4.7, 1.4]'],
    ],
    ['x=row["a b"] y=f(x, y)', ['x=row["a b"]', 'y=f(x, y)']],
    ['x={"a": [1, 2], "b": (3, 4)}', ['x={"a": [1, 2], "b": (3, 4)}']],
    ['x=")" y=1', ['x=")"', 'y=1']],
    ['x="""a "b" c""" y', ['x="""a "b" c"""', 'y']],
    ["x='it\\'s one' y", ["x='it\\'s one'", 'y']],
    ['a[\n  0,\n  1\n] b', ['a[\n  0,\n  1\n]', 'b']],
    ['Iris # the newest', ['Iris']],
    ['name="#1" tag#2', ['name="#1"', 'tag#2']],
    ['  ', []],
  ])('splits %j where Python would', (line, expected) => {
    expect(raws(line)).toEqual(expected);
  });

  it('takes the quotes off names and values of options', () => {
    expect(texts('"Iris Snapshot" --description="Names a \\"species\\""')).toEqual([
      'Iris Snapshot',
      '--description=Names a "species"',
    ]);
  });

  it('keeps quotes that are inside of an expression', () => {
    expect(texts('row["a b"]')).toEqual(['row["a b"]']);
  });

  it.each(['x="a', "don't", 'f(x', 'f(x]', 'x)', "x='''a'"])('refuses %j', (line) => {
    expect(() => tokenize(line)).toThrow(TokenError);
  });
});
