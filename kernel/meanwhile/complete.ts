import type { Completion, CompletionItem } from '../completion/index.js';
import type { KnownNames } from './known-names.js';

const IDENTIFIER = /[\p{L}_][\p{L}\p{N}_]*/gu;
/** The end of what is written: a name, perhaps after the dot behind another. */
const AT_CURSOR = /(?:^|[^\p{L}\p{N}_.])(?:([\p{L}_][\p{L}\p{N}_]*)\.)?([\p{L}_][\p{L}\p{N}_]*)?$/u;

/**
 * Completes Python from names that are known: those of the workspace, Python's own, and those that
 * the code and the cells since then mention; after a dot, what a module or an object of the workspace has. Nothing is
 * guessed: behind `f().` and in longer chains there is no match.
 *
 * @param cursor offset in the code, in UTF-16 units.
 */
export function completeFromNames(
  code: string,
  cursor: number,
  names: Pick<KnownNames, 'workspace' | 'python' | 'membersOf' | 'recentCode'>,
): Completion {
  const before = code.slice(0, cursor);
  const [, owner, prefix = ''] = AT_CURSOR.exec(before) ?? [];
  const start = cursor - prefix.length;
  const none = { start, end: cursor, items: [] };
  if (owner !== undefined) {
    const members = names.membersOf(owner).filter((member) => member.startsWith(prefix));
    return { ...none, items: members.map((text) => ({ text, type: '' })) };
  }
  if (prefix === '') return none;
  const items = new Map<string, CompletionItem>();
  const add = (item: CompletionItem) => {
    if (item.text.startsWith(prefix) && !items.has(item.text)) items.set(item.text, item);
  };
  for (const [text, { kind }] of names.workspace) add({ text, type: kind });
  for (const item of names.python()) add(item);
  for (const text of mentioned(
    `${before.slice(0, start)} ${code.slice(cursor)} ${names.recentCode}`,
  )) {
    add({ text, type: '' });
  }
  const sorted = [...items.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
  return { ...none, items: sorted };
}

function mentioned(text: string): string[] {
  return text.match(IDENTIFIER) ?? [];
}
