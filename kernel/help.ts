import { decodeDict } from '../src/jupyter/index.js';
import { mayHoldMagic } from './cell/python-piece.js';
import { magicHelp, magicNames } from './magics/index.js';

/**
 * The content of the answer to an `inspect_request` whose cursor is on a magic of ours; undefined
 * for every other, which the session answers.
 */
export async function inspectMagic(content: Uint8Array): Promise<object | undefined> {
  if (!mayHoldMagic(content)) return undefined;
  const { code, cursor_pos: cursor } = decodeDict(content, 'content of an inspect_request');
  if (typeof code !== 'string' || typeof cursor !== 'number') return undefined;
  const name = magicUnderCursor(code, cursor);
  const data = name === undefined ? undefined : await magicHelp(name);
  return data && { status: 'ok', found: true, data, metadata: {} };
}

/**
 * The name of the magic of ours that the cursor is on.
 * @param cursor counted in Unicode code points, as Jupyter does.
 */
export function magicUnderCursor(code: string, cursor: number): string | undefined {
  const before = Array.from(code).slice(0, cursor).join('');
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = code.slice(lineStart).split('\n', 1)[0] ?? '';
  const column = before.length - lineStart;
  for (const found of line.matchAll(/%{1,2}([A-Za-z_]\w*)/g)) {
    const isUnder = found.index <= column && column <= found.index + found[0].length;
    if (isUnder && magicNames.has(found[1] as string)) return found[1];
  }
  return undefined;
}
