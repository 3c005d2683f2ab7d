import { decodeDict } from '../src/jupyter/index.js';
import { magicAtCursor } from './cell/magic-at-cursor.js';
import { mayHoldMagic } from './cell/python-piece.js';
import { offsetOf } from './completion/index.js';
import { inspectMagicLine, magicNames } from './magics/index.js';

/**
 * The content of the answer to an `inspect_request` whose cursor is on the line of a magic of ours:
 * the help of the magic, or of the option under the cursor. Undefined for every other, which the
 * session answers, and for Python that stands on such a line.
 */
export async function inspectMagic(content: Uint8Array): Promise<object | undefined> {
  if (!mayHoldMagic(content)) return undefined;
  const { code, cursor_pos: position } = decodeDict(content, 'content of an inspect_request');
  if (typeof code !== 'string' || typeof position !== 'number') return undefined;
  const cursor = offsetOf(code, position);
  // Right in front of the marker the question is about what it begins.
  const line = magicAtCursor(code, cursor) ?? magicAtCursor(code, cursor + 1);
  if (line === undefined || !magicNames.has(line.name)) return undefined;
  const data = await inspectMagicLine(line, cursor);
  return data && { status: 'ok', found: true, data, metadata: {} };
}
