import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CellPiece, splitCell } from '../../../kernel/cell/split.js';

const NAMES: ReadonlySet<string> = new Set(['publish', 'consume', 'services']);
const split = (code: string) => splitCell(code, NAMES);
const isUntouched = (code: string) =>
  expect(split(code)).toEqual([{ kind: 'python', code, line: 1 }]);

describe('splitting a cell', () => {
  it('leaves a cell without magics of ours in one piece, byte for byte', () => {
    for (const code of [
      '',
      'x = 7 % 2',
      '%time f()',
      'x = !ls',
      '!echo "%publish"',
      'a\r\nb\r\n',
    ]) {
      isUntouched(code);
    }
  });

  it('takes a line magic out of the Python around it and keeps the line numbers', () => {
    expect(split('a = 1\n\n%services Iris V1.0  \nb = 2\n')).toEqual([
      { kind: 'python', code: 'a = 1\n\n', line: 1 },
      { kind: 'magic', invocation: { name: 'services', args: 'Iris V1.0', line: 3 } },
      { kind: 'python', code: 'b = 2\n', line: 4 },
    ]);
  });

  it('reads the name that takes the result', () => {
    const result = split('größe = %consume Iris row=[1, 2]');
    expect(result).toEqual([
      {
        kind: 'magic',
        invocation: { name: 'consume', args: 'Iris row=[1, 2]', assignTo: 'größe', line: 1 },
      },
    ]);
  });

  it('gives a cell magic on the first line the rest of the cell', () => {
    expect(split('\n%%publish Iris V1.0 --in a:vector\nb = "%services"\n%services\n')).toEqual([
      {
        kind: 'magic',
        invocation: {
          name: 'publish',
          args: 'Iris V1.0 --in a:vector',
          body: 'b = "%services"\n%services\n',
          line: 2,
        },
      },
    ]);
  });

  it('leaves the body of a cell magic of IPython alone', () => {
    isUntouched('%%time\n%services\n');
    isUntouched('%%bash\necho "it\'s"\n%publish\n');
  });

  it('does not take a cell magic that is not on the first line', () => {
    isUntouched('a = 1\n%%publish Iris V1.0\n');
  });

  it('leaves lines inside of strings, brackets, continuations and blocks alone', () => {
    isUntouched('s = """\n%publish f\n"""');
    isUntouched("s = '''it''s\n%publish f\n'''");
    isUntouched('f(a,\n%consume\n)');
    isUntouched('a = b \\\n%services');
    isUntouched('if x:\n    %services\n');
    isUntouched("s = 'a \\\n%services'");
  });

  it('understands f-strings with quotes, braces and format specs inside', () => {
    const before = [
      'a = f"{x["k"]}"',
      'a = f"{{"',
      "a = f'{x!r:>{width}}'",
      'a = f"{x:\'>10}"',
      'a = f"""{\n{"k": 1}["k"]\n}"""',
      'a = f"{\'}\'}"',
      "a = rf'\\{x}'",
    ].join('\n');
    expect(split(`${before}\n%services`).at(-1)?.kind).toBe('magic');
    isUntouched('a = f"{(\n%services\n)}"');
    isUntouched('a = f"""{x}\n%services\n"""');
  });

  it('is not misled by quotes in comments and in lines of IPython', () => {
    for (const line of ["# it's", "!echo it's", "%time it's", "x = !echo '(", '?str("', '/f (']) {
      expect(split(`${line}\n%services`)).toHaveLength(line.startsWith('#') ? 1 : 2);
    }
  });

  it('joins lines of a magic that end with a backslash', () => {
    const [piece] = split('%consume Iris \\\n    row=1\nx');
    expect(piece).toEqual({
      kind: 'magic',
      invocation: { name: 'consume', args: 'Iris  row=1', line: 1 },
    });
  });

  it('reads a question mark before or after a magic as a request for help', () => {
    for (const code of ['%publish?', '?%publish', '%%publish?', '%publish ??', '?%%publish']) {
      expect(split(code)).toEqual([{ kind: 'help', name: 'publish', line: 1 }]);
    }
    isUntouched('%time?');
  });

  it('does not take a name that only begins like a magic', () => {
    isUntouched('%publisher x');
    isUntouched('%publish.x');
    isUntouched('x.y = %consume Iris');
  });

  it('counts an unterminated triple quote to the end of the cell', () => {
    isUntouched('s = """\n%services');
  });

  it('never throws, and loses nothing but the magics', () => {
    const fragment = fc.constantFrom(
      '%services\n',
      'x = %consume a\n',
      '"""',
      "'",
      'f"',
      '{',
      '}',
      ':',
      '(',
      ')',
      '\\',
      '\n',
      '#',
      'x',
      '    ',
      '%%publish a\n',
      '!',
      '?',
      '😀',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 40 }), (fragments) => {
        const code = fragments.join('');
        const pieces = split(code);
        let line = 0;
        for (const piece of pieces) {
          const start = piece.kind === 'magic' ? piece.invocation.line : piece.line;
          expect(start).toBeGreaterThan(line);
          line = start;
          if (piece.kind !== 'python') continue;
          const rest = code
            .split('\n')
            .slice(start - 1)
            .join('\n');
          expect(rest.startsWith(piece.code)).toBe(true);
        }
        expect(pieces.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  it('finds the same magics whatever complete statement stands before them', () => {
    const statement = fc.constantFrom(
      'x = 1\n',
      's = """a\n%services\n"""\n',
      'y = [1,\n 2]\n',
      'def f():\n    return "%publish"\n',
      "z = f'{x!r:>10}'\n",
      '%time x\n',
      '# %services\n',
      'w = a \\\n  + b\n',
    );
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 8 }), (statements) => {
        const pieces: CellPiece[] = split(`${statements.join('')}r = %consume Iris a=1\nr`);
        expect(pieces.at(-2)).toMatchObject({
          kind: 'magic',
          invocation: { name: 'consume', args: 'Iris a=1', assignTo: 'r' },
        });
        expect(pieces.at(-1)).toMatchObject({ kind: 'python', code: 'r' });
      }),
    );
  });
});
