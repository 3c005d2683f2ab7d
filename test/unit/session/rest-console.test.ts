import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConsoleEvent, ConsoleReader } from '../../../src/session/rest-console.js';

const ID = 'a'.repeat(32);
const record = (value: object, end = '\n') => `\u001e${ID}:${JSON.stringify(value)}${end}`;
const BEGIN = record({ begin: 1 });
const text = (part: string): ConsoleEvent => ({ kind: 'stream', name: 'stdout', text: part });

describe('the reader of a console', () => {
  it('tells text, streams, messages and the answer in order', () => {
    const content = { data: {} };
    const console = `${BEGIN}a\n${record({ stderr: 'b' })}${record({ type: 'display_data', content })}c${record({ reply: { status: 'ok' } })}`;
    expect(new ConsoleReader(ID).read(console)).toEqual([
      text('a\n'),
      { kind: 'stream', name: 'stderr', text: 'b' },
      { kind: 'message', type: 'display_data', content },
      text('c'),
      { kind: 'reply', reply: { status: 'ok' } },
    ]);
  });

  it('does not take the output of an earlier request for its own', () => {
    const reader = new ConsoleReader(ID);
    expect(reader.read('old output')).toEqual([]);
    expect(reader.hasBegun).toBe(false);
    expect(reader.read(`${BEGIN}new`)).toEqual([text('new')]);
    expect(reader.hasBegun).toBe(true);
  });

  it('does not take the output of a later request for its own', () => {
    const reader = new ConsoleReader(ID);
    expect(reader.read(`${BEGIN}mine\n`)).toEqual([text('mine\n')]);
    expect(reader.read('the output of another notebook, which is longer\n')).toEqual([]);
    expect(reader.isOurs).toBe(false);
    expect(reader.read(`${BEGIN}mine\nlast`, true)).toEqual([text('last')]);
    expect(reader.isOurs).toBe(true);
  });

  it('tells each character once, wherever the console is cut while it grows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('\u001e')), {
          maxLength: 20,
        }),
        fc.array(fc.nat(400), { maxLength: 10 }),
        (parts, cuts) => {
          const whole = BEGIN + parts.map((part) => part + record({ stderr: part })).join('');
          const reader = new ConsoleReader(ID);
          const events = [...cuts.sort((a, b) => a - b), whole.length].flatMap((cut) =>
            reader.read(whole.slice(0, cut), cut === whole.length),
          );
          const told = (name: string) =>
            events
              .map((one) => (one.kind === 'stream' && one.name === name ? one.text : ''))
              .join('');
          expect(told('stdout')).toBe(parts.join(''));
          expect(told('stderr')).toBe(parts.join(''));
        },
      ),
    );
  });

  it('takes the line ends of Windows after records', () => {
    const console = `${record({ begin: 1 }, '\r\n')}${record({ stderr: 'b' }, '\r\n')}c`;
    expect(new ConsoleReader(ID).read(console)).toEqual([
      { kind: 'stream', name: 'stderr', text: 'b' },
      text('c'),
    ]);
  });

  it('goes on where it was when the server drops the beginning and says how much', () => {
    const reader = new ConsoleReader(ID);
    const whole = `${BEGIN}${'same line\n'.repeat(100)}`;
    reader.read(whole);
    const grown = `${whole}more\n`;
    const cut = `[the first 300 characters of the output were not kept]\n${grown.slice(300)}`;
    expect(reader.read(cut)).toEqual([text('more\n')]);
    expect(reader.read(`${cut}last`)).toEqual([text('last')]);
  });

  it('goes on where it was when the server drops the beginning without a word', () => {
    const reader = new ConsoleReader(ID);
    const whole = BEGIN + Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join('');
    reader.read(whole);
    expect(reader.read(`${whole}more\n`.slice(300))).toEqual([text('more\n')]);
  });

  it('says that something is missing when what it has not read was dropped', () => {
    const reader = new ConsoleReader(ID);
    reader.read(`${BEGIN}a\n`);
    const cut = '[the first 5000 characters of the output were not kept]\ntorn line\nwhole line\n';
    expect(reader.read(cut)).toEqual([{ kind: 'gap' }, text('whole line\n')]);
    expect(reader.read(`${cut}next`)).toEqual([text('next')]);
  });

  it('says the same when it sees the console at its end for the first time', () => {
    const cut = '[the first 5000 characters of the output were not kept]\ntorn line\nwhole line\n';
    expect(new ConsoleReader(ID).read(cut)).toEqual([]);
    expect(new ConsoleReader(ID).read(cut, true)).toEqual([{ kind: 'gap' }, text('whole line\n')]);
  });

  it('takes a record that is none for a gap', () => {
    const console = `${BEGIN}${record([])}\u001e${ID}:{"torn\nb`;
    expect(new ConsoleReader(ID).read(console)).toEqual([
      { kind: 'gap' },
      { kind: 'gap' },
      text('b'),
    ]);
  });
});
