/**
 * Finds the logical lines of a cell: where a statement at the top level may begin, outside of
 * strings, brackets and line continuations. It knows as much of Python's lexis as that takes:
 * quotes and their prefixes, escapes, comments, brackets, and the replacement fields of f-strings,
 * in which the quote of the string itself may appear again (PEP 701).
 */

/** A piece of code that is being read: the cell itself, or a replacement field of an f-string. */
interface CodeFrame {
  readonly kind: 'code';
  /** Brackets that are open in this frame. */
  depth: number;
  readonly isField: boolean;
}

/** A string that is being read. */
interface StringFrame {
  readonly kind: 'string';
  readonly quote: string;
  readonly isFormatted: boolean;
}

/** What follows the colon of a replacement field: text again, up to the closing brace. */
interface FormatSpecFrame {
  readonly kind: 'spec';
}

type Frame = CodeFrame | StringFrame | FormatSpecFrame;

const STRING_START = /([A-Za-z]{0,3})('''|"""|'|")/y;
const IDENTIFIER = /[\p{L}\p{N}_]+/uy;

/** Reads a cell from one logical line to the next. */
export class Scanner {
  constructor(private readonly code: string) {}

  /**
   * The offset of the first character after the logical line of Python that begins at `start`,
   * its line end included.
   */
  endOfStatement(start: number): number {
    return this.#readStatement(start, [{ kind: 'code', depth: 0, isField: false }]);
  }

  /** Whether the logical line that begins at `start` ends with the code inside of brackets or text. */
  isOpenAtEnd(start: number): boolean {
    const stack: Frame[] = [{ kind: 'code', depth: 0, isField: false }];
    this.#readStatement(start, stack);
    const frame = stack.at(-1) as Frame;
    // A string of one line is not open but wrong.
    if (frame.kind === 'string') return frame.quote.length === 3;
    return stack.length > 1 || (frame.kind === 'code' && frame.depth > 0);
  }

  #readStatement(start: number, stack: Frame[]): number {
    let at = start;
    while (at < this.code.length) {
      const frame = stack.at(-1) as Frame;
      if (frame.kind === 'code') {
        if (this.code[at] === '\n' && stack.length === 1 && frame.depth === 0) return at + 1;
        at = this.#readCode(at, frame, stack);
      } else {
        at = this.#readText(at, stack);
      }
    }
    return this.code.length;
  }

  /**
   * The offset after a line that is not Python (`%time …`, `!ls`): quotes and brackets mean nothing
   * to us there, a backslash at the end still joins the next line.
   */
  endOfOpaqueLine(start: number): number {
    let at = start;
    for (;;) {
      const end = this.code.indexOf('\n', at);
      if (end < 0) return this.code.length;
      if (this.code[end - 1] !== '\\' || end === start) return end + 1;
      at = end + 1;
    }
  }

  #readCode(at: number, frame: CodeFrame, stack: Frame[]): number {
    const character = this.code[at] as string;
    if (character === '#') {
      const end = this.code.indexOf('\n', at);
      return end < 0 ? this.code.length : end;
    }
    if (character === '\\') return at + 2;
    if ('([{'.includes(character)) frame.depth++;
    else if (')]}'.includes(character)) {
      if (frame.isField && frame.depth === 0) stack.pop();
      else frame.depth = Math.max(0, frame.depth - 1);
    } else if (frame.isField && frame.depth === 0 && character === ':') {
      stack.pop();
      stack.push({ kind: 'spec' });
    } else {
      const prefix = match(STRING_START, this.code, at);
      if (prefix !== undefined) {
        stack.push({
          kind: 'string',
          quote: prefix[2] as string,
          isFormatted: /[ft]/i.test(prefix[1] as string),
        });
        return at + prefix[0].length;
      }
      // A whole name at once, so that the end of one is not taken for the prefix of a string.
      return at + (match(IDENTIFIER, this.code, at)?.[0].length ?? 1);
    }
    return at + 1;
  }

  #readText(at: number, stack: Frame[]): number {
    const frame = stack.at(-1) as StringFrame | FormatSpecFrame;
    const character = this.code[at] as string;
    const isFormatted = frame.kind === 'spec' || frame.isFormatted;
    if (character === '\\') return at + 2;
    if (frame.kind === 'string' && this.code.startsWith(frame.quote, at)) {
      stack.pop();
      return at + frame.quote.length;
    }
    if (frame.kind === 'spec' && character === '}') {
      stack.pop();
      return at + 1;
    }
    if (frame.kind === 'string' && character === '\n' && frame.quote.length === 1) {
      // An unterminated string: Python will complain, and the next line begins anew.
      stack.pop();
      return at;
    }
    if (isFormatted && character === '{') {
      if (frame.kind === 'string' && this.code[at + 1] === '{') return at + 2;
      stack.push({ kind: 'code', depth: 0, isField: true });
    }
    return at + 1;
  }
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
