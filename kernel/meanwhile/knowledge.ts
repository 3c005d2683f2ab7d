import { decodeDict } from '../../src/jupyter/index.js';
import { completeReply, offsetOf } from '../completion/index.js';
import { completeFromNames } from './complete.js';
import { isComplete } from './is-complete.js';
import type { KnownNames } from './known-names.js';
import type { OpenComms } from './open-comms.js';

/** What the kernel itself can answer from. */
export interface KnowledgeParts {
  readonly names: KnownNames;
  readonly comms: OpenComms;
}

type Content = Readonly<Record<string, unknown>>;

/**
 * Answers from what the kernel knows, for the time when no session can answer, or not in time.
 * They are right, if poorer than the session's.
 */
export class Knowledge {
  readonly #answers: Readonly<Record<string, (content: Content) => object>> = {
    complete_request: (content) => this.#complete(content),
    inspect_request: (content) => this.#inspect(content),
    is_complete_request: ({ code }) => isComplete(String(code ?? '')),
    comm_info_request: ({ target_name }) => this.parts.comms.info(target_name),
    history_request: () => ({ status: 'ok', history: [] }),
    interrupt_request: () => ({ status: 'ok' }),
  };

  constructor(private readonly parts: KnowledgeParts) {}

  /** The content of the answer to a request; undefined for a type that only a session answers. */
  answer(type: string, content: Uint8Array): object | undefined {
    if (!Object.hasOwn(this.#answers, type)) return undefined;
    return this.#answers[type]?.(decodeDict(content, `content of ${type}`));
  }

  #complete({ code, cursor_pos: position }: Content): object {
    const text = String(code ?? '');
    const cursor = typeof position === 'number' ? offsetOf(text, position) : text.length;
    return completeReply(text, completeFromNames(text, cursor, this.parts.names));
  }

  #inspect({ code, cursor_pos: position }: Content): object {
    const text = String(code ?? '');
    const cursor = typeof position === 'number' ? offsetOf(text, position) : text.length;
    const name = nameAround(text, cursor);
    const known = name === undefined ? undefined : this.parts.names.workspace.get(name);
    if (name === undefined || known === undefined) {
      return { status: 'ok', found: false, data: {}, metadata: {} };
    }
    const what = known.members.replace(/^(?:class|module) /, '').replace(/ \d+$/, '');
    const said = known.kind === 'module' ? `module ${what}` : `${known.kind}: ${what}`;
    const plain = `${name}: ${said}\nThe session is busy; ask again when it is free to see more.`;
    return { status: 'ok', found: true, data: { 'text/plain': plain }, metadata: {} };
  }
}

/** The name that the cursor is in, at its beginning or at its end; not one behind a dot. */
function nameAround(code: string, cursor: number): string | undefined {
  const before = /(?:^|[^\p{L}\p{N}_.])([\p{L}_][\p{L}\p{N}_]*)?$/u.exec(code.slice(0, cursor));
  if (before === null) return undefined;
  const after = /^[\p{L}\p{N}_]*/u.exec(code.slice(cursor))?.[0] ?? '';
  return (before[1] ?? '') + after || undefined;
}
