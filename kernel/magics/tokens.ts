/** A word of a magic's line. */
export interface Token {
  /** As written: what Python gets when the word is an expression. */
  readonly raw: string;
  /** Without the quotes around it: what a name or an option's value means. */
  readonly text: string;
  /** Where it begins in its line. */
  readonly start: number;
}

/** A line that is being written. */
export interface UnfinishedLine {
  /** The words before the one at the end. */
  readonly words: readonly Token[];
  /** The word at the end, empty after white space; undefined in a comment. */
  readonly current: Token | undefined;
}

/** Thrown for a quote or bracket that is not closed, or closed but not opened. */
export class TokenError extends Error {
  readonly code = 'MAGIC_TOKEN';
  override readonly name = 'TokenError';
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * Splits a line into words at white space, as a Python reader expects: quotes and brackets keep
 * what is inside of them together, so that `flower_data=[7, 3.2]`, `row["a b"]` and `f(x, y)` are
 * one word each. A `#` that begins a word begins a comment.
 * @throws {TokenError}
 */
export function tokenize(line: string): Token[] {
  return readTokens(line, { isUnfinished: false }).tokens;
}

/** Splits a line up to the cursor, where a quote or bracket may be open still. */
export function tokenizeUnfinished(line: string): UnfinishedLine {
  const { tokens, endsInComment } = readTokens(line, { isUnfinished: true });
  if (endsInComment) return { words: tokens, current: undefined };
  const last = tokens.at(-1);
  if (last !== undefined && last.start + last.raw.length === line.length) {
    return { words: tokens.slice(0, -1), current: last };
  }
  return { words: tokens, current: { raw: '', text: '', start: line.length } };
}

interface Strictness {
  /** Whether a quote or bracket may be left open at the end. */
  readonly isUnfinished: boolean;
}

function readTokens(
  line: string,
  strictness: Strictness,
): { tokens: Token[]; endsInComment: boolean } {
  const tokens: Token[] = [];
  let endsInComment = false;
  let position = 0;
  while (position < line.length) {
    if (/\s/.test(line.charAt(position))) {
      position += 1;
    } else if (line.charAt(position) === '#') {
      position = endOfLine(line, position);
      endsInComment = position === line.length;
    } else {
      const { token, end } = readToken(line, position, strictness);
      tokens.push(token);
      position = end;
    }
  }
  return { tokens, endsInComment };
}

function readToken(
  line: string,
  start: number,
  { isUnfinished }: Strictness,
): { token: Token; end: number } {
  const open: string[] = [];
  let text = '';
  let position = start;
  while (position < line.length) {
    const character = line.charAt(position);
    if (open.length === 0 && /\s/.test(character)) break;
    if (character === '"' || character === "'") {
      const end = endOfString(line, position);
      if (end === undefined && !isUnfinished) {
        throw new TokenError(`The quote in ${line.slice(position)} is not closed.`);
      }
      const string = line.slice(position, end);
      if (open.length > 0) text += string;
      else text += end === undefined ? unescapeQuotes(string.slice(1)) : unquote(string);
      position = end ?? line.length;
      continue;
    }
    const closing = CLOSING[character];
    if (closing !== undefined) {
      open.push(closing);
    } else if (character === ')' || character === ']' || character === '}') {
      const expected = open.pop();
      if (expected !== character && !isUnfinished) {
        const hint = expected === undefined ? 'nothing is open' : `"${expected}" is due`;
        throw new TokenError(`"${character}" in "${line.slice(start, position + 1)}": ${hint}.`);
      }
    }
    text += character;
    position += 1;
  }
  const raw = line.slice(start, position);
  const due = open.at(-1);
  if (due !== undefined && !isUnfinished) {
    throw new TokenError(`"${raw}" has a bracket without its "${due}".`);
  }
  return { token: { raw, text, start }, end: position };
}

/** The position after a string literal that begins here; undefined when it does not end. */
function endOfString(line: string, start: number): number | undefined {
  const quote = line.charAt(start);
  const mark = line.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
  let position = start + mark.length;
  while (position < line.length) {
    if (line.charAt(position) === '\\') position += 2;
    else if (line.startsWith(mark, position)) return position + mark.length;
    else position += 1;
  }
  return undefined;
}

function unquote(string: string): string {
  const quote = string.charAt(0);
  const width = string.length >= 6 && string.startsWith(quote.repeat(3)) ? 3 : 1;
  return unescapeQuotes(string.slice(width, -width));
}

function unescapeQuotes(text: string): string {
  return text.replace(/\\(["'\\])/g, '$1');
}

/** A name as a word of a line: in quotes where it would be read as something else without. */
export function quoteWord(text: string): string {
  const isPlain = /^[^\s"'#=()[\]{}\\-][^\s"'=()[\]{}\\]*$/.test(text);
  return isPlain ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function endOfLine(line: string, start: number): number {
  const end = line.indexOf('\n', start);
  return end === -1 ? line.length : end;
}
