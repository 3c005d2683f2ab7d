import { describe, expect, it } from 'vitest';
import { withDoubleQuotes } from '../../../src/server/single-quotes.js';

describe('JSON with single quotes', () => {
  it.each([
    ["{'username': 'admin', 'password': 'p'}", { username: 'admin', password: 'p' }],
    [`{'a': 'a "word"', "b": "it's"}`, { a: 'a "word"', b: "it's" }],
    [String.raw`{'a': 'it\'s \\ \n \u00e9'}`, { a: "it's \\ \n é" }],
    ["{'a': {'b': ['c', 1, null]}}", { a: { b: ['c', 1, null] } }],
  ])('%s is read', (text, value) => {
    expect(JSON.parse(withDoubleQuotes(text))).toEqual(value);
  });

  it.each(['{"a": "b"}', '{', '{"a": \'b}', 'username=admin'])('%s stays as it is', (text) => {
    expect(withDoubleQuotes(text)).toBe(text);
  });
});
