import { decodeDict } from '../src/jupyter/index.js';
import { magicAtCursor } from './cell/magic-at-cursor.js';
import { mayHoldMagic } from './cell/python-piece.js';
import { completeReply, mergeCompletions, offsetOf } from './completion/index.js';
import { type CompletionSources, completeMagic, magicNames } from './magics/index.js';
import type { SessionSources } from './session-sources.js';

/** Completes the lines of magics. Names of IPython's own are the session's part of the answer. */
export class MagicCompleter {
  constructor(private readonly sources: CompletionSources & Pick<SessionSources, 'askSession'>) {}

  /**
   * The content of the answer to a `complete_request` whose cursor is on the line of a magic;
   * undefined for every other, and for arguments of magics that are not ours.
   */
  async complete(content: Uint8Array): Promise<object | undefined> {
    if (!mayHoldMagic(content)) return undefined;
    const { code, cursor_pos: position } = decodeDict(content, 'content of a complete_request');
    if (typeof code !== 'string' || typeof position !== 'number') return undefined;
    const cursor = offsetOf(code, position);
    const line = magicAtCursor(code, cursor);
    if (line === undefined) return undefined;
    const isName = cursor <= line.nameEnd;
    const [own, others] = await Promise.all([
      completeMagic(line, cursor, this.sources),
      isName ? this.sources.askSession(code, cursor) : undefined,
    ]);
    if (own === undefined) return undefined;
    if (others === undefined) return completeReply(code, own);
    // In the session stand-ins have our names, also as cell magics that there are not.
    const items = others.items.filter(({ text }) => !magicNames.has(text.replace(/^%+/, '')));
    return completeReply(code, mergeCompletions(code, own, { ...others, items }));
  }
}
