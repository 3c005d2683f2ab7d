/** A word of a magic's line. */
export interface Token {
  /** As written: what Python gets when the word is an expression. */
  readonly raw: string;
  /** Without the quotes around it: what a name or an option's value means. */
  readonly text: string;
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
  const tokens: Token[] = [];
  let position = 0;
  while (position < line.length) {
    if (/\s/.test(line.charAt(position))) {
      position += 1;
    } else if (line.charAt(position) === '#') {
      position = endOfLine(line, position);
    } else {
      const { token, end } = readToken(line, position);
      tokens.push(token);
      position = end;
    }
  }
  return tokens;
}

function readToken(line: string, start: number): { token: Token; end: number } {
  const open: string[] = [];
  let text = '';
  let position = start;
  while (position < line.length) {
    const character = line.charAt(position);
    if (open.length === 0 && /\s/.test(character)) break;
    if (character === '"' || character === "'") {
      const end = endOfString(line, position);
      const string = line.slice(position, end);
      text += open.length === 0 ? unquote(string) : string;
      position = end;
      continue;
    }
    const closing = CLOSING[character];
    if (closing !== undefined) {
      open.push(closing);
    } else if (character === ')' || character === ']' || character === '}') {
      const expected = open.pop();
      if (expected !== character) {
        const hint = expected === undefined ? 'nothing is open' : `"${expected}" is due`;
        throw new TokenError(`"${character}" in "${line.slice(start, position + 1)}": ${hint}.`);
      }
    }
    text += character;
    position += 1;
  }
  const raw = line.slice(start, position);
  const due = open.at(-1);
  if (due !== undefined) throw new TokenError(`"${raw}" has a bracket without its "${due}".`);
  return { token: { raw, text }, end: position };
}

/** The position after a string literal that begins here, triple quotes included. */
function endOfString(line: string, start: number): number {
  const quote = line.charAt(start);
  const mark = line.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
  let position = start + mark.length;
  while (position < line.length) {
    if (line.charAt(position) === '\\') position += 2;
    else if (line.startsWith(mark, position)) return position + mark.length;
    else position += 1;
  }
  throw new TokenError(`The quote in ${line.slice(start)} is not closed.`);
}

function unquote(string: string): string {
  const quote = string.charAt(0);
  const width = string.length >= 6 && string.startsWith(quote.repeat(3)) ? 3 : 1;
  return string.slice(width, -width).replace(/\\(["'\\])/g, '$1');
}

function endOfLine(line: string, start: number): number {
  const end = line.indexOf('\n', start);
  return end === -1 ? line.length : end;
}
