import { codePointsBefore, offsetOf } from './code-points.js';

/** One thing that may stand where the cursor is. */
export interface CompletionItem {
  readonly text: string;
  /** What it is (`magic`, `snapshot`, `function`), for clients that show it; empty when unknown. */
  readonly type: string;
}

/** What may stand in place of a range of the code, which ends at the cursor as a rule. */
export interface Completion {
  /** Offsets in the code, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly items: readonly CompletionItem[];
}

/** The key under which ipykernel, and so JupyterLab, has the types of matches. */
const TYPES_KEY = '_jupyter_types_experimental';

/** The content of a `complete_reply`. */
export function completeReply(code: string, { start, end, items }: Completion): object {
  const [first, last] = [codePointsBefore(code, start), codePointsBefore(code, end)];
  return {
    status: 'ok',
    matches: items.map(({ text }) => text),
    cursor_start: first,
    cursor_end: last,
    metadata: {
      [TYPES_KEY]: items.map(({ text, type }) => ({ start: first, end: last, text, type })),
    },
  };
}

/** Reads the content of a session's `complete_reply`; undefined when it reports a failure. */
export function readCompleteReply(
  code: string,
  content: Readonly<Record<string, unknown>>,
): Completion | undefined {
  const { status, matches, cursor_start: start, cursor_end: end, metadata } = content;
  if (status !== 'ok' || !Array.isArray(matches)) return undefined;
  if (typeof start !== 'number' || typeof end !== 'number') return undefined;
  const types = typesByText(metadata);
  const items = matches
    .filter((match): match is string => typeof match === 'string')
    .map((text) => ({ text, type: types.get(text) ?? '' }));
  return { start: offsetOf(code, start), end: offsetOf(code, end), items };
}

function typesByText(metadata: unknown): Map<string, string> {
  const listed: unknown = Object(metadata)[TYPES_KEY];
  if (!Array.isArray(listed)) return new Map();
  return new Map(
    listed.map((entry: unknown) => {
      const { text, type } = Object(entry) as { text?: unknown; type?: unknown };
      return [String(text), String(type ?? '')];
    }),
  );
}

/**
 * Two completions of one place as one. They may begin at different offsets: the earlier beginning
 * counts, and items of the other get the text between. Of two equal ones the first stays.
 */
export function mergeCompletions(code: string, first: Completion, second: Completion): Completion {
  const start = Math.min(first.start, second.start);
  const items = new Map<string, CompletionItem>();
  for (const completion of [first, second]) {
    const between = code.slice(start, completion.start);
    for (const { text, type } of completion.items) {
      const whole = between + text;
      if (!items.has(whole)) items.set(whole, { text: whole, type });
    }
  }
  return { start, end: Math.max(first.end, second.end), items: [...items.values()] };
}
