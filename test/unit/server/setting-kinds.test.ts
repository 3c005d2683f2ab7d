import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  choice,
  flag,
  integer,
  list,
  network,
  path,
  record,
  text,
} from '../../../src/server/settings/kinds.js';

const texts = list(text(), 'texts');
const roles = record(texts, 'texts by name');

describe('kinds of settings', () => {
  it.each([
    ['an integer', integer('a number', 1, 5), 3, '3', 3],
    ['yes or no', flag, false, 'false', false],
    ['a word', choice(['a', 'b']), 'b', 'b', 'b'],
    ['a list', texts, ['a', 'b'], 'a, b', ['a', 'b']],
    ['an empty list', texts, [], '[]', undefined],
    ['values by name', roles, { x: ['a'] }, '{"x": ["a"]}', { x: ['a'] }],
    ['a path', path(), 'a/../b', 'a/../b', '/base/b'],
    ['a path in the home', path(), '~/x', '~/x', `${homedir()}/x`],
  ])('understand %s as JSON and as text', (_name, kind, json, written, value) => {
    expect(kind.fromJson(json, '/base')).toEqual(value ?? json);
    if (value !== undefined) expect(kind.fromText(written, '/base')).toEqual(value);
  });

  it.each([
    ['an integer', integer('a number', 1, 5), [0, 6, 1.5, '3', null, Number.NaN], ['0', '1e1', '']],
    ['yes or no', flag, ['true', 1, null], ['yes', '1', 'constructor']],
    ['a word', choice(['a', 'b']), ['c', 1, ['a']], ['A']],
    ['a list', texts, ['a', ['a', 1], [''], null], ['a,,b']],
    ['values by name', roles, [[], null, { x: 'a' }], ['{', '[]']],
    ['a path', path(), ['', 1, null], ['']],
    ['a network', network, ['x', 4], ['10.0.0.0/33', '0.0.0.0/0', '::/0', '10.0.0.0/08', '/8']],
  ])('refuse what is not %s', (_name, kind, json, written) => {
    for (const value of json) expect(kind.fromJson(value, '/base')).toBeUndefined();
    for (const value of written) expect(kind.fromText(value, '/base')).toBeUndefined();
  });
});
