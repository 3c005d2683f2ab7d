import type { MagicLine } from '../../cell/magic-at-cursor.js';
import type { Completion, CompletionItem } from '../../completion/index.js';
import type { Form, MagicDefinition, OptionDefinition } from '../definition.js';
import { findMagic, MAGICS } from '../table.js';
import { quoteWord, type Token } from '../tokens.js';
import { type ExpectedPart, expectedPart } from './position.js';
import type { CompletionSources } from './sources.js';
import { type Candidate, valuesOf } from './values.js';

/**
 * What may stand at the cursor, which is on the line of a magic: names of magics, and for ours
 * everything that the definition says may follow.
 * @param cursor offset in the cell.
 * @returns undefined where the magic is somebody else's.
 */
export async function completeMagic(
  line: MagicLine,
  cursor: number,
  sources: CompletionSources,
): Promise<Completion | undefined> {
  if (cursor <= line.nameEnd) return completeName(line, cursor);
  const magic = findMagic(line.name);
  if (magic === undefined) return undefined;
  const args = line.args.slice(0, cursor - line.nameEnd);
  const part = expectedPart(magic, line.marker === '%%', args);
  if (part === undefined) return { start: cursor, end: cursor, items: [] };
  const found = await completePart(part, sources);
  const { start, items, length = args.length - start } = found;
  return { start: line.nameEnd + start, end: line.nameEnd + start + length, items };
}

function completeName(line: MagicLine, cursor: number): Completion {
  const written = line.name.slice(0, Math.max(0, cursor - line.start - line.marker.length));
  const named = MAGICS.filter(({ name }) => name.startsWith(written));
  const hasForm = (isCell: boolean) => (magic: MagicDefinition) =>
    magic.forms.some((form) => (form.cell ?? false) === isCell);
  const lines = line.marker === '%' ? named.filter(hasForm(false)) : [];
  const cells = line.isFirst ? named.filter(hasForm(true)) : [];
  const items = [
    ...lines.map(({ name }) => ({ text: `%${name}`, type: 'magic' })),
    ...cells.map(({ name }) => ({ text: `%%${name}`, type: 'magic' })),
  ];
  return { start: line.start, end: cursor, items };
}

/** Items for the end of the arguments; `start` is an offset in them. */
interface Found {
  readonly start: number;
  /** Absent where the items replace all from `start` on. */
  readonly length?: number;
  readonly items: readonly CompletionItem[];
}

async function completePart(part: ExpectedPart, sources: CompletionSources): Promise<Found> {
  switch (part.kind) {
    case 'option': {
      const items = part.names.map((name) => ({ text: `--${name}`, type: 'option' }));
      return { start: part.word.start, items: beginningAs(part.word.text, items) };
    }
    case 'option value':
      return completeOptionValue(part.option, part.word, sources);
    case 'python':
      return completePython(part.code, part.start, sources);
    case 'word':
      return completeWord(part, sources);
  }
}

async function completeOptionValue(
  option: OptionDefinition,
  word: Token,
  sources: CompletionSources,
): Promise<Found> {
  const isQuoted = word.raw !== word.text;
  const comma = option.multiple && !isQuoted ? word.text.lastIndexOf(',') + 1 : 0;
  const written = word.text.slice(comma);
  const place = { written, before: [], magics: [] };
  const candidates = [
    ...fixed(option.choices ?? option.suggestions ?? [], 'value'),
    ...(option.kind === undefined ? [] : await valuesOf(option.kind, place, sources)),
  ];
  const chosen = option.multiple ? word.text.slice(0, comma).split(',') : [];
  const free = candidates.filter(({ text }) => !chosen.includes(text));
  return { start: word.start + comma, items: quoted(beginningAs(written, free)) };
}

async function completeWord(
  part: ExpectedPart & { kind: 'word' },
  sources: CompletionSources,
): Promise<Found> {
  const { forms, before, actions, word } = part;
  const kind = forms.map((form) => form.takes[before.length]?.kind).find((each) => each);
  // `model.predict` is the session's to complete; names without a dot are known here.
  if (kind === 'function' && /^[\p{L}_][^"']*[.[(]/u.test(word.raw)) {
    return completePython(word.raw, word.start, sources);
  }
  const magics = MAGICS.map(({ name }) => name);
  const place = { written: word.text, before, magics };
  const values = kind === undefined ? [] : await valuesOf(kind, place, sources);
  // A value that is called as an action is goes in quotes, or it would be taken for one.
  const items = [
    ...beginningAs(word.raw, fixed(actions, 'action')),
    ...quoted(beginningAs(word.text, values), actions),
    ...beginningAs(word.raw, await parametersOf(forms, part, sources)),
  ];
  return { start: word.start, items };
}

/** `name=` for the inputs of the service that are not given yet. */
async function parametersOf(
  forms: readonly Form[],
  { before, given }: ExpectedPart & { kind: 'word' },
  sources: CompletionSources,
): Promise<Candidate[]> {
  const [name, version] = before.map(({ text }) => text);
  if (name === undefined || !forms.some((form) => form.parameters)) return [];
  const versions = (await sources.services()).filter((service) => service.name === name);
  const service =
    version === undefined ? versions.at(-1) : versions.find((each) => each.version === version);
  const inputs = service?.inputParameterDefinitions ?? [];
  return inputs
    .filter((input) => !given.has(input.name))
    .map((input) => ({ text: `${input.name}=`, type: input.type }));
}

/** Python in the session; the magics that IPython offers within expressions belong to no one. */
async function completePython(
  code: string,
  start: number,
  sources: CompletionSources,
): Promise<Found> {
  const found = await sources.python(code, code.length);
  const items = found.items.filter(({ text }) => !text.startsWith('%'));
  return { start: start + found.start, length: found.end - found.start, items };
}

function fixed(texts: readonly string[], type: string): Candidate[] {
  return texts.map((text) => ({ text, type }));
}

function beginningAs(written: string, candidates: readonly Candidate[]): Candidate[] {
  const beginning = written.toLowerCase();
  return candidates.filter(({ text }) => text.toLowerCase().startsWith(beginning));
}

function quoted(candidates: readonly Candidate[], actions: readonly string[] = []): Candidate[] {
  return candidates.map(({ text, type }) => ({
    text: actions.includes(text) ? `"${text}"` : quoteWord(text),
    type,
  }));
}
