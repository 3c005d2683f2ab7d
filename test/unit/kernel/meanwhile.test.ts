import { describe, expect, it } from 'vitest';
import { completeFromNames } from '../../../kernel/meanwhile/complete.js';
import { isComplete } from '../../../kernel/meanwhile/is-complete.js';

describe('completion from names that are known', () => {
  const names = {
    workspace: new Map([
      ['table', { kind: 'instance', members: 'class DataFrame' }],
      ['train', { kind: 'function', members: 'class function' }],
    ]),
    *python() {
      yield { text: 'try', type: 'keyword' };
      yield { text: 'tuple', type: 'builtin' };
    },
    membersOf: (name: string) => (name === 'table' ? ['head', 'hist', 'tail'] : []),
    recentCode: 'trained = train(table)',
  };
  const matches = (code: string, cursor = code.length) =>
    completeFromNames(code, cursor, names).items.map(({ text }) => text);

  it.each([
    ['names of the workspace, of Python, and of cells that have run since', 't', 5],
    ['those that begin with what is written', 'tr', 3],
    ['what an object has', 'table.h', 2],
    ['all that an object has', 'x = table.', 3],
    ['nothing where nothing is written', 'x = ', 0],
    ['nothing behind a call', 'f().h', 0],
    ['nothing in a longer chain', 'table.head.h', 0],
    ['nothing behind a number', '1.h', 0],
    ['what stands in the same cell', 'tragedy = 1\ntrag', 1],
  ])('gives %s', (_, code, count) => {
    expect(matches(code)).toHaveLength(count);
  });

  it('says what each is, and where it goes', () => {
    expect(completeFromNames('(tab)', 4, names)).toEqual({
      start: 1,
      end: 4,
      items: [{ text: 'table', type: 'instance' }],
    });
  });

  it('does not offer the unfinished name itself', () => {
    expect(matches('tragi')).toEqual([]);
  });
});

describe('is_complete from the text alone', () => {
  it.each([
    '',
    '1',
    'x = {"a": 1}',
    'def f(x):\n    return x\n',
    'for i in x: pass',
    'text = """a\nb"""',
    '%time f()',
    '!ls',
    '%%time\nf()\n',
    'x = 1  # note:',
    "'unterminated",
  ])('%j is complete', (code) => {
    expect(isComplete(code)).toEqual({ status: 'complete' });
  });

  it.each([
    ['for i in x:', '    '],
    ['if a:  # why', '    '],
    ['def f(x):\n  if x:', '      '],
    ['def f(x):\n  return x', '  '],
    ['f(1,', ''],
    ["print('''hello", ''],
    ['x = 1 + \\', ''],
    ['@cache', ''],
    ['%%time', ''],
    ['f"{a', ''],
  ])('%j goes on, indented by %j', (code, indent) => {
    expect(isComplete(code)).toEqual({ status: 'incomplete', indent });
  });
});
