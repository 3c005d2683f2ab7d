import type { MagicLine } from '../cell/magic-at-cursor.js';
import type { MimeBundle } from '../magic-context.js';
import { toBundle } from '../output/index.js';
import { optionOf } from './completion/index.js';
import { helpView, optionHelpView } from './help.js';
import { PARAMETER } from './parameter.js';
import { findMagic } from './table.js';
import { type Token, tokenizeUnfinished } from './tokens.js';

/**
 * What there is to say of the place of the cursor on a line of a magic of ours: the help of an
 * option, or of the magic.
 * @param cursor offset in the cell.
 * @returns undefined on Python source, which the session knows better.
 */
export function inspectLine(line: MagicLine, cursor: number): MimeBundle | undefined {
  const magic = findMagic(line.name);
  if (magic === undefined) return undefined;
  const word = wordAt(line, cursor);
  const isQuestion = /^\s*\?{1,2}\s*$/.test(line.args);
  if (word === undefined || isQuestion) return toBundle(helpView(magic));
  const option = optionOf(magic.options ?? {}, word.raw);
  if (option !== undefined) return toBundle(optionHelpView(magic, option.name));
  const form = magic.forms.find((each) => (each.cell ?? false) === (line.marker === '%%'));
  if (form?.parameters && PARAMETER.test(word.raw)) return undefined;
  if (form?.takes[0]?.kind === 'function' && word.isFirst) return undefined;
  return toBundle(helpView(magic));
}

/** The word of the arguments that the cursor is on, and whether none is before it. */
function wordAt(line: MagicLine, cursor: number): (Token & { isFirst: boolean }) | undefined {
  const { words, current } = tokenizeUnfinished(line.args);
  const all = current === undefined || current.raw === '' ? words : [...words, current];
  const at = cursor - line.nameEnd;
  const index = all.findIndex(({ start, raw }) => start <= at && at <= start + raw.length);
  const word = all[index];
  return word && { ...word, isFirst: index === 0 };
}
