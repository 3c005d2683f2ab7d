import { describe, expect, it } from 'vitest';
import { exampleCalls } from '../../../kernel/magics/example-calls.js';
import { valueBlocks } from '../../../kernel/magics/value-blocks.js';
import {
  DATA_MIME_TYPE,
  formatBytes,
  pythonLiteral,
  shorten,
  toBundle,
  type View,
} from '../../../kernel/output/index.js';
import { displayWidth } from '../../../kernel/output/plain.js';

function view(...blocks: View['blocks'][number][]): View {
  return { blocks, data: null };
}
const plain = (v: View) => toBundle(v)['text/plain'] as string;
const html = (v: View) => (toBundle(v)['text/html'] as string).replace(/<style>.*<\/style>/s, '');

describe('text', () => {
  it('lines up the columns of a table', () => {
    const columns = [{ title: 'Name' }, { title: 'Size', align: 'right' as const }];
    const rows = [
      ['clf', '2.1 KiB'],
      ['花の名前', '9 bytes'],
    ];
    expect(plain(view({ kind: 'table', columns, rows, empty: '' }))).toBe(
      ['Name         Size', '────────  ───────', 'clf       2.1 KiB', '花の名前  9 bytes'].join(
        '\n',
      ),
    );
  });

  it('keeps a cell on one line', () => {
    const rows = [['a\n  b']];
    expect(plain(view({ kind: 'table', columns: [{ title: 'X' }], rows, empty: '' }))).toContain(
      'a b',
    );
  });

  it('says how to fill an empty table', () => {
    const table = {
      kind: 'table',
      columns: [{ title: 'X' }],
      rows: [],
      empty: 'None yet.',
    } as const;
    expect(plain(view(table))).toBe('None yet.');
    expect(html(view(table))).toContain('None yet.');
  });

  it.each([
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['漢字', 4],
    ['🌸', 2],
  ])('knows how wide %s is', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe('HTML', () => {
  const evil = `<img src=x onerror="alert('1')">&`;

  it('escapes everything that comes from outside', () => {
    const blocks: View['blocks'] = [
      { kind: 'fields', rows: [[evil, { text: evil, href: `https://x/"${evil}` }]] },
      { kind: 'table', title: evil, columns: [{ title: evil }], rows: [[evil]], empty: evil },
      { kind: 'table', title: evil, columns: [], rows: [], empty: evil },
      { kind: 'note', text: { text: evil, code: true }, tone: 'warning' },
      { kind: 'code', title: evil, source: evil, folded: 'html' },
      { kind: 'image', title: evil, mediaType: 'image/png', base64: '"><script>' },
    ];
    const markup = html({ title: evil, blocks, data: null });
    expect(markup).not.toMatch(/<img src=x|<script|onerror="|alert\('/);
    expect(markup.match(/&lt;img/g)?.length).toBe(13);
  });

  it('links to web addresses alone', () => {
    const link = (href: string) => html(view({ kind: 'note', text: { text: 'x', href } }));
    expect(link('https://host/a')).toContain('<a href="https://host/a"');
    expect(link('javascript:alert(1)')).not.toContain('<a');
  });
});

describe('bundles', () => {
  it('carry HTML, text and data, and no form that JupyterLab ranks above HTML', () => {
    const bundle = toBundle({ blocks: [], data: { a: 1 } });
    expect(Object.keys(bundle)).toEqual(['text/html', 'text/plain', DATA_MIME_TYPE]);
    expect(DATA_MIME_TYPE).not.toBe('application/json');
    expect(DATA_MIME_TYPE).toMatch(/\+json$/);
  });
});

describe('ready calls', () => {
  const target = {
    url: 'http://127.0.0.1:12800/api/Iris/V1.0',
    embedded: true,
    inputs: [
      { name: 'flower_data', type: 'vector' },
      { name: 'note', type: 'character' },
      { name: 'strict', type: 'logical' },
    ],
    outputs: [{ name: 'iris_species', type: 'vector' }],
    examples: { flower_data: [7, 3.2], note: "it's" },
  };

  it('take the token of the own server from the command line', () => {
    const { curl, python, typescript } = exampleCalls(target);
    expect(curl).toMatch(/^slipway token --header \| curl -sS -H @-/);
    expect(python).toContain('["slipway", "token"]');
    expect(typescript).toContain("'slipway', ['token']");
  });

  it('take the token of another server from the environment', () => {
    const calls = exampleCalls({ ...target, embedded: false });
    for (const call of [calls.curl, calls.python, calls.typescript]) {
      expect(call).toContain('SLIPWAY_TOKEN');
    }
    expect(JSON.stringify(calls)).not.toContain('slipway token');
  });

  it('write the values of the session as each language does', () => {
    const { curl, python, typescript } = exampleCalls(target);
    expect(curl).toContain(`-d '{"flower_data":[7,3.2],"note":"it'\\''s","strict":true}'`);
    expect(python).toContain(`json={"flower_data": [7, 3.2], "note": "it's", "strict": True}`);
    expect(typescript).toContain(
      `JSON.stringify({"flower_data":[7,3.2],"note":"it's","strict":true})`,
    );
  });

  it('replace a value that fills the screen', () => {
    const flower_data = Array.from({ length: 500 }, (_, index) => index);
    const { curl, madeUp } = exampleCalls({ ...target, examples: { flower_data } });
    expect(curl).toContain('"flower_data":[1,2,3]');
    expect(madeUp).toEqual(['flower_data', 'note', 'strict']);
  });
});

describe('values', () => {
  it('show a data.frame as a table', () => {
    const value = { n: [1, 2], s: ['aa', null] };
    expect(plain(view(...valueBlocks('frame', 'data.frame', value)))).toBe(
      ['frame (data.frame)', 'n  s', '─  ──', '1  aa', '2'].join('\n'),
    );
  });

  it('show a matrix as a table and a vector as a line', () => {
    expect(
      valueBlocks('m', 'matrix', [
        [1, 2],
        [3, 4],
      ])[0]?.kind,
    ).toBe('table');
    expect(plain(view(...valueBlocks('v', 'vector', ['I. versicolor'])))).toBe(
      'v  ["I. versicolor"]',
    );
    expect(plain(view(...valueBlocks('v', 'vector', [[1], [1, 2]])))).toBe('v  [[1],[1,2]]');
  });

  it('cut long tables and say how long they are', () => {
    const value = { n: Array.from({ length: 45 }, (_, index) => index) };
    const text = plain(view(...valueBlocks('frame', 'data.frame', value)));
    expect(text).toContain('… 45 rows in all.');
    expect(text).not.toContain('\n44');
  });
});

describe('formats', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1023 bytes'],
    [1536, '1.5 KiB'],
    [150 * 1024 * 1024, '150 MiB'],
  ])('writes %i bytes for people', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('writes JSON as Python', () => {
    expect(pythonLiteral({ a: [true, null, 1.5], 'b"': 'c' })).toBe(
      '{"a": [True, None, 1.5], "b\\"": "c"}',
    );
  });

  it('cuts between characters', () => {
    expect(shorten('🌸🌸🌸', 2)).toBe('🌸…');
  });
});
