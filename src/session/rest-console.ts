/** What a running request prints and publishes, as `slipway_rest` puts it into the console. */
export type ConsoleEvent =
  | { readonly kind: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'message'; readonly type: string; readonly content: object }
  /** An event that is in a file of the session's working directory. */
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'reply'; readonly reply: Record<string, unknown> }
  /** The server has not kept all of what was printed. */
  | { readonly kind: 'gap' };

const BEGIN = '{"begin":1}';
/** Characters before the first unread one by which its place is found again. */
const ANCHOR_LENGTH = 200;
/** How the bundled server says that its console is not whole. */
const CUT = /^\[the first (\d+) characters of the output were not kept\]\n/;

/**
 * Reads the console of one request, which the server tells whole again and again while it grows.
 * Each event comes once. The console may still be that of an earlier request, and it may have lost
 * its beginning.
 */
export class ConsoleReader {
  readonly #mark: string;
  /** Characters that have been read, those included that the server keeps no more. */
  #count = 0;
  /** The last characters that have been read. */
  #anchor = '';
  #hasBegun = false;
  #isOurs = false;

  /** @param id of the request. */
  constructor(id: string) {
    this.#mark = `\u001e${id}:`;
  }

  /** Whether the console is known to have come to this request. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether the console was this request's when it was read last, and not that of another. */
  get isOurs(): boolean {
    return this.#isOurs;
  }

  /**
   * The events since the last call.
   * @param isWhole whether this is the request's own output at its end, from the answer to it.
   */
  read(console: string, isWhole = false): ConsoleEvent[] {
    const events: ConsoleEvent[] = [];
    const start = this.#startIn(console, isWhole, events);
    this.#isOurs = start !== undefined;
    if (start === undefined) return events;
    const end = this.#readFrom(console, start, isWhole, events);
    this.#count += end - start;
    this.#anchor = console.slice(Math.max(0, end - ANCHOR_LENGTH), end);
    return merge(events);
  }

  /** The index of the first character to read, undefined when the console is another request's. */
  #startIn(console: string, isWhole: boolean, events: ConsoleEvent[]): number | undefined {
    if (!this.#hasBegun) {
      const begin = console.indexOf(this.#mark + BEGIN);
      const isComplete = begin >= 0 && console.includes('\n', begin);
      if (!isComplete && !isWhole) return undefined;
      this.#hasBegun = true;
      if (begin < 0) return this.#afterGap(console, events);
      const start = endOfLine(console, begin);
      this.#count = placeOf(console, start);
      return start;
    }
    const cut = CUT.exec(console);
    if (cut !== null) {
      const start = cut[0].length + this.#count - Number(cut[1]);
      if (start >= cut[0].length) return start;
    }
    if (console.startsWith(this.#anchor, this.#count - this.#anchor.length)) return this.#count;
    const again = console.indexOf(this.#anchor);
    if (again >= 0) return again + this.#anchor.length;
    const isKnown = cut !== null || isWhole || console.includes(this.#mark);
    return isKnown ? this.#afterGap(console, events) : undefined;
  }

  /** Goes on with the first line that is whole. */
  #afterGap(console: string, events: ConsoleEvent[]): number {
    if (console === '') return 0;
    events.push({ kind: 'gap' });
    const start = endOfLine(console, CUT.exec(console)?.[0].length ?? 0);
    this.#count = placeOf(console, start);
    return start;
  }

  /** Reads until the end, or until a record whose end has not come; returns the index of that. */
  #readFrom(console: string, start: number, isWhole: boolean, events: ConsoleEvent[]): number {
    let at = start;
    for (;;) {
      const mark = console.indexOf(this.#mark, at);
      const textEnd = mark < 0 ? this.#endOfText(console, at, isWhole) : mark;
      if (textEnd > at) {
        events.push({ kind: 'stream', name: 'stdout', text: console.slice(at, textEnd) });
      }
      if (mark < 0) return textEnd;
      const line = console.indexOf('\n', mark);
      if (line < 0 && !isWhole) return mark;
      const end = line < 0 ? console.length : line;
      events.push(readRecord(console.slice(mark + this.#mark.length, end)));
      at = line < 0 ? end : end + 1;
    }
  }

  /** Holds back what may be the beginning of a mark. */
  #endOfText(console: string, start: number, isWhole: boolean): number {
    if (isWhole) return console.length;
    const last = console.lastIndexOf('\u001e');
    const isPartial = last >= start && this.#mark.startsWith(console.slice(last));
    return isPartial ? last : console.length;
  }
}

/** Reads one record; those without a meaning stand for something that is lost. */
export function readRecord(text: string): ConsoleEvent {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { kind: 'gap' };
  }
  const { stdout, stderr, type, content, file, reply } = Object(record) as Record<string, unknown>;
  if (typeof stdout === 'string') return { kind: 'stream', name: 'stdout', text: stdout };
  if (typeof stderr === 'string') return { kind: 'stream', name: 'stderr', text: stderr };
  if (typeof file === 'string') return { kind: 'file', name: file };
  if (typeof type === 'string' && isObject(content)) return { kind: 'message', type, content };
  if (isObject(reply)) return { kind: 'reply', reply };
  return { kind: 'gap' };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** How many characters of the whole output stand before an index of what the server has kept. */
function placeOf(console: string, index: number): number {
  const cut = CUT.exec(console);
  return cut === null ? index : index - cut[0].length + Number(cut[1]);
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end + 1;
}

/** Joins neighbouring pieces of one stream. */
function merge(events: readonly ConsoleEvent[]): ConsoleEvent[] {
  const merged: ConsoleEvent[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (event.kind === 'stream' && last?.kind === 'stream' && last.name === event.name) {
      merged[merged.length - 1] = { ...last, text: last.text + event.text };
    } else {
      merged.push(event);
    }
  }
  return merged;
}
