import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { magicAtCursor } from '../../../kernel/cell/magic-at-cursor.js';
import { codePointsBefore, completeReply, offsetOf } from '../../../kernel/completion/index.js';
import { type CompletionSources, completeMagic } from '../../../kernel/magics/index.js';
import type { WebService } from '../../../src/api/index.js';

const service = (name: string, version: string, ...inputs: string[]) =>
  ({
    name,
    version,
    inputParameterDefinitions: inputs.map((input) => ({ name: input, type: 'vector' })),
  }) as unknown as WebService;

const id = '0f0e7a52-3b1c-4a53-9a0e-8d2f6f7a1b11';
const known = { owner: 'admin', runtimeType: 'Python', creationTime: '', contentSize: 1 } as const;

const sources: CompletionSources = {
  services: async () => [
    service('Iris', 'V1', 'flower_data'),
    service('Iris', 'V2', 'flower_data', 'rate'),
    service('Price list', '1.0', 'table'),
  ],
  snapshots: async () => [
    { id: 'a1', name: 'Iris Snapshot', ...known },
    { id: 'b2', name: 'list', ...known },
    { id: 'c3', name: 'model', ...known },
  ],
  sessions: async () => [{ id, name: 'training', ...known }],
  files: async () => ['iris.csv', 'my plot.png'],
  names: async () => [
    { name: 'clf', isFunction: false },
    { name: 'flower', isFunction: false },
    { name: 'predict', isFunction: true },
  ],
  python: async (code, cursor) => ({
    start: cursor - (/\w*$/.exec(code.slice(0, cursor))?.[0].length ?? 0),
    end: cursor,
    items: [
      { text: 'row_from_python', type: 'instance' },
      { text: '%alias', type: 'magic' },
    ],
  }),
};

/** Completes at the `|` and returns the texts, and what they replace. */
async function complete(marked: string) {
  const cursor = marked.indexOf('|');
  const code = marked.slice(0, cursor) + marked.slice(cursor + 1);
  const line = magicAtCursor(code, cursor);
  const found = line && (await completeMagic(line, cursor, sources));
  if (found === undefined) return undefined;
  return {
    texts: found.items.map(({ text }) => text),
    replaced: code.slice(found.start, found.end),
  };
}

describe('completion of a magic', () => {
  it.each([
    ['%pub|', ['%publish', '%%publish'], '%pub'],
    ['%%pub|', ['%%publish'], '%%pub'],
    ['import math\n%pub|', ['%publish'], '%pub'],
    ['x = %cons|', ['%consume'], '%cons'],
    ['?%wor|', ['%workspace'], '%wor'],
    ['%sn|ap', ['%snapshot'], '%sn'],
    ['%help pub|', ['publish'], 'pub'],
  ])('offers names: %s', async (line, texts, replaced) => {
    expect(await complete(line)).toEqual({ texts, replaced });
  });

  it.each([
    [
      '%snapshot |',
      ['list', 'load', 'delete', 'download', 'show', 'model', '"list"', '"Iris Snapshot"'],
      '',
    ],
    ['%snapshot lo|', ['load'], 'lo'],
    ['%snapshot load |', ['model', 'list', '"Iris Snapshot"'], ''],
    ['%snapshot load "Ir|', ['"Iris Snapshot"'], '"Ir'],
    ['%snapshot load c|', ['c3'], 'c'],
    ['%snapshot X --on|', ['--only'], '--on'],
    ['%snapshot X --only |', ['clf', 'flower', 'predict'], ''],
    ['%snapshot X --only clf,f|', ['flower'], 'f'],
    ['%snapshot X --only clf,|', ['flower', 'predict'], ''],
    ['%session |', ['list', 'new', 'attach', 'keep', 'close'], ''],
    ['%session attach |', ['training'], ''],
    ['%session attach 0f|', [id], '0f'],
    ['%session new --runtime |', ['Python', 'R'], ''],
    ['%session new --snapshot=mo|', ['model'], 'mo'],
    ['%consume |', ['Iris', '"Price list"'], ''],
    ['%consume Iris |', ['V2', 'V1', 'flower_data=', 'rate='], ''],
    ['%consume Iris V1 |', ['flower_data='], ''],
    ['%consume Iris rate=2 fl|', ['flower_data='], 'fl'],
    ['%consume "Price list" 1.0 t|', ['table='], 't'],
    ['%consume Iris flower_data=row|', ['row_from_python'], 'row'],
    ['x = %consume Iris V1 flower_data=[1, ro|', ['row_from_python'], 'ro'],
    ['%consume Iris --b|', ['--batch'], '--b'],
    ['%consume Iris --batch fl|', ['flower'], 'fl'],
    ['%publish |', ['predict'], ''],
    ['%publish model.pre|', ['row_from_python'], 'pre'],
    ['%publish predict Iris --snap|', ['--snapshot'], '--snap'],
    [
      '%publish predict Iris --snapshot |',
      ['auto', 'none', 'model', 'list', '"Iris Snapshot"'],
      '',
    ],
    [
      '%%publish Iris V3 --in flower:|\npass',
      [
        'flower:logical',
        'flower:numeric',
        'flower:integer',
        'flower:character',
        'flower:vector',
        'flower:matrix',
        'flower:data.frame',
      ],
      'flower:',
    ],
    ['%%publish Iris V3 --in a:vector,b:num|\npass', ['b:numeric'], 'b:num'],
    ['%connect --auth l|', ['ldap'], 'l'],
    ['%service update |', ['Iris', '"Price list"'], ''],
    ['%service delete Iris |', ['V2', 'V1'], ''],
    ['%files download my|', ['"my plot.png"'], 'my'],
    ['%files upload docs/images/iris|', ['docs/images/iris-notebook.png'], 'docs/images/iris'],
    ['%workspace get c|', ['clf'], 'c'],
    ['%publish predict \\\n  Iris --up|', ['--update'], '--up'],
    ['%services -|', ['--help'], '-'],
  ])('offers what may follow: %s', async (line, texts, replaced) => {
    expect(await complete(line)).toEqual({ texts, replaced });
  });

  it.each([
    ['an option that is given', '%publish f Iris --update --upd|'],
    ['a comment', '%services # I|'],
    ['an option of another action', '%snapshot list --only|'],
  ])('offers nothing in place of %s', async (_what, line) => {
    expect((await complete(line))?.texts).toEqual([]);
  });

  it.each([
    ['on other code', 'pub|'],
    ['in front of the marker', 'x = |%publish f'],
    ['in an indented block', 'if True:\n    x = 1 %pub|'],
    ['in a string', 'x = """\n%pub|"""'],
    ['in the body of a cell magic', '%%publish Iris V1\nfl|'],
    ['in arguments of another’s magic', '%timeit pub|'],
  ])('is the session’s %s', async (_where, line) => {
    expect(await complete(line)).toBeUndefined();
  });

  it('counts positions in code points', () => {
    const code = 'x = "😀😀"\n%pub';
    const cursor = offsetOf(code, 12);
    expect(code.slice(0, cursor)).toBe('x = "😀😀"\n%pu');
    const items = [{ text: '%publish', type: 'magic' }];
    expect(completeReply(code, { start: 11, end: cursor, items })).toMatchObject({
      matches: ['%publish'],
      cursor_start: 9,
      cursor_end: 12,
      metadata: {
        _jupyter_types_experimental: [{ start: 9, end: 12, text: '%publish', type: 'magic' }],
      },
    });
  });
});

describe('completion of anything at all', () => {
  const words = ['%', '%%', 'publish', ' ', '--', '-f', '=', '"', "'", '[', ')', ',', '#', '\\\n'];
  const fragment = fc.oneof(
    fc.constantFrom(...words, '\n', 'x = ', '?', 'consume Iris V1 ', 'snapshot load ', ':', '😀'),
    fc.string({ maxLength: 4 }),
  );
  const code = fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join(''));

  it('replaces a part of the line before the cursor, and never fails', async () => {
    await fc.assert(
      fc.asyncProperty(code, fc.double({ min: 0, max: 1, noNaN: true }), async (text, share) => {
        const points = Math.round(share * [...text].length);
        const cursor = offsetOf(text, points);
        const line = magicAtCursor(text, cursor);
        if (line === undefined) return;
        const found = await completeMagic(line, cursor, sources);
        if (found === undefined) return;
        expect(found.start).toBeLessThanOrEqual(found.end);
        expect(found.end).toBe(cursor);
        expect(found.start).toBeGreaterThanOrEqual(line.start);
        expect(codePointsBefore(text, found.end)).toBe(points);
      }),
      { numRuns: 3000 },
    );
  });
});
