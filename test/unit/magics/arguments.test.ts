import { describe, expect, it } from 'vitest';
import type { MagicInvocation } from '../../../kernel/magic-context.js';
import { parseArguments } from '../../../kernel/magics/arguments.js';
import { magicNames } from '../../../kernel/magics/index.js';
import { parseDefinitions } from '../../../kernel/magics/parameter-definitions.js';
import { findMagic, MAGICS } from '../../../kernel/magics/table.js';

function parse(line: string, extra: Partial<MagicInvocation> = {}) {
  const [, name = '', args = ''] = /^%+(\w+)\s*(.*)$/s.exec(line) ?? [];
  const magic = findMagic(name);
  if (magic === undefined) throw new Error(`No magic ${name}`);
  return parseArguments(magic, { name, args, line: 1, ...extra });
}

function parsed(line: string, extra?: Partial<MagicInvocation>) {
  const result = parse(line, extra);
  if (result.help) throw new Error('asked for help');
  return result;
}

describe('arguments', () => {
  it('reads parameters as Python source', () => {
    const { arguments: given } = parsed('%consume Iris V1.0 flower_data=[7, 3.2] k=row["a b"]');
    expect([...given.parameters]).toEqual([
      ['flower_data', '[7, 3.2]'],
      ['k', 'row["a b"]'],
    ]);
    expect(given.word(0).text).toBe('Iris');
    expect(given.optionalWord(1)?.text).toBe('V1.0');
  });

  it('takes a comparison for no parameter', () => {
    expect(() => parsed('%consume Iris V1 a==b')).toThrow(/does not expect "a==b"/);
  });

  it('reads options before, between and after the words', () => {
    const lines = [
      '%publish f Iris V1 --description "a b" --update',
      '%publish --update f Iris --description="a b" V1',
    ];
    for (const line of lines) {
      const { arguments: given } = parsed(line);
      expect(given.value('description')).toBe('a b');
      expect(given.flag('update')).toBe(true);
      expect(given.word(1).text).toBe('Iris');
    }
  });

  it('joins lists given with commas and by repetition', () => {
    const line = '%%publish Iris V1 --in a:vector,b:numeric --in c:logical --out d:vector';
    const { arguments: given } = parsed(line, { body: 'd = a' });
    expect(given.values('in')).toEqual(['a:vector', 'b:numeric', 'c:logical']);
    expect(given.values('files')).toBeUndefined();
  });

  it('chooses the form by the first word', () => {
    expect(parsed('%snapshot list').form.action).toBe('list');
    expect(parsed('%snapshot model').form.action).toBeUndefined();
    expect(parsed('%snapshot load model').form.action).toBe('load');
    expect(parsed('%session').form.takes).toEqual([]);
  });

  it('takes a word in quotes for a name', () => {
    expect(parsed('%snapshot "lst"').arguments.word(0).text).toBe('lst');
    expect(parsed('%snapshot "list"').form.action).toBeUndefined();
  });

  it.each(['%consume -h', '%publish --help', '%snapshot load -h'])(
    'finds the wish for help in %s',
    (line) => {
      expect(parse(line).help).toBe(true);
    },
  );

  it.each([
    ['%publish f Iris V1 --desription x', /no option --desription\. Did you mean "--description"/],
    ['%consume', /%consume needs NAME\. Usage: .*%consume NAME/],
    ['%service delete Iris', /%service delete needs VERSION/],
    ['%service', /needs NAME/],
    ['%service delte Iris V1', /does not know "delte"\. Did you mean "delete"/],
    ['%snapshot Iris Snapshot', /does not know "Iris".*quotes/],
    ['%snapshot model --only', /--only needs a value: --only a,b,c/],
    ['%publish f Iris V1 --in --out a:vector', /--in needs a value/],
    ['%publish f Iris V1 --update=yes', /--update is a flag/],
    ['%publish f Iris V1 --alias a --alias b', /given twice/],
    [
      '%connect http://host --auth ladp',
      /takes one of admin, ldap, aad, token.*Did you mean "ldap"/,
    ],
    ['%services x=1', /takes no "x=…"/],
    ['%snapshot lst', /Did you mean "list"\? If it is a name, write %snapshot "lst"/],
    ['%service update Iris V1 --desc x', /Did you mean "--description"/],
    ['%consume Iris x=1 x=2', /"x" is given twice/],
    ['%consume Iris x= 1', /"x=" has no value/],
    ['%consume Iris V1 x =1', /does not expect "x"|without spaces around "="/],
    ['%consume Iris V1 =1', /without spaces around "="/],
    ['%consume Iris x=[1', /bracket without its "]"/],
    ['%snapshot list --only a', /%snapshot list takes no --only/],
  ])('explains %s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  it('refuses to assign what has no value', () => {
    expect(() => parse('%services', { assignTo: 'x' })).toThrow(/no value to assign to "x"/);
  });

  it('refuses a line magic as a cell magic', () => {
    expect(() => parse('%%services', { body: 'x' })).toThrow(/no cell magic/);
  });
});

describe('the table of magics', () => {
  it('has the magics that the kernel looks for', () => {
    expect(new Set(MAGICS.map(({ name }) => name))).toEqual(magicNames);
  });

  it.each(MAGICS.map((magic) => [magic.name, magic] as const))(
    '%%%s is consistent',
    (_name, magic) => {
      const used = new Set(magic.forms.flatMap((form) => form.options ?? []));
      expect(used).toEqual(new Set(Object.keys(magic.options ?? {})));
      expect(magic.examples.length).toBeGreaterThan(0);
      for (const example of magic.examples.filter((line) => line.includes(`%${magic.name}`))) {
        const body = example.startsWith('%%') ? { body: 'x = 1' } : {};
        const assigned = example.startsWith('%') ? {} : { assignTo: 'x' };
        const line = example.slice(example.indexOf('%'));
        expect(parse(line, { ...body, ...assigned }).help, example).toBe(false);
      }
    },
  );
});

describe('parameter definitions', () => {
  it('keeps the order and the spelling of the types', () => {
    expect(parseDefinitions('--in', ['b:vector', 'a:string'])).toEqual([
      { name: 'b', type: 'vector' },
      { name: 'a', type: 'string' },
    ]);
  });

  it.each([
    ['a', /a has no type. Write a:TYPE/],
    ['a:float', /Write a:numeric/],
    ['a:vectr', /Did you mean "vector"/],
    ['1a:vector', /takes NAME:TYPE/],
    ['a:vector:x', /takes NAME:TYPE/],
  ])('explains %s', (value, message) => {
    expect(() => parseDefinitions('--in', [value])).toThrow(message);
  });

  it('refuses a name that is given twice', () => {
    expect(() => parseDefinitions('--in', ['a:vector', 'a:matrix'])).toThrow(/"a" twice/);
  });
});
