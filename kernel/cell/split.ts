import type { MagicInvocation } from '../magic-context.js';
import { Scanner } from './scanner.js';

/** A part of a cell, in the order in which the parts run. */
export type CellPiece =
  | {
      readonly kind: 'python';
      readonly code: string;
      /** The line of the cell that it begins on, counted from 1. */
      readonly line: number;
    }
  | { readonly kind: 'magic'; readonly invocation: MagicInvocation }
  /** `%name?` or `?%name`: show what the magic does. */
  | { readonly kind: 'help'; readonly name: string; readonly line: number };

const LINE_MAGIC = /^(?:([\p{L}_][\p{L}\p{N}_]*)[ \t]*=[ \t]*)?%([A-Za-z_]\w*)(?=\s|$)(.*)$/su;
const CELL_MAGIC = /^%%([A-Za-z_]\w*)(?=\s|$)(.*)$/s;
const HELP = /^(?:\?{1,2}[ \t]*%{1,2}([A-Za-z_]\w*)|%{1,2}([A-Za-z_]\w*)[ \t]*\?{1,2})[ \t]*$/;

/** How a line begins that is IPython's, not Python's: its quotes and brackets mean nothing. */
const OPAQUE = /^[ \t]*(?:[!%?,;/]|[^\s=#'"([{]+(?:[ \t]*,[ \t]*[^\s=#'"([{]+)*[ \t]*=[ \t]*[!%])/;

/**
 * Splits a cell at the magics that the kernel runs. They count at the top level only: outside of
 * strings, brackets, continued lines and indentation; `%%name` on the first line alone. Every other
 * `%` or `!` line is IPython's and stays in the Python around it.
 *
 * @param magicNames names of the kernel's magics, without `%`.
 * @returns one Python piece holding the cell unchanged when it has no magic of the kernel's.
 */
export function splitCell(code: string, magicNames: ReadonlySet<string>): CellPiece[] {
  if (code.startsWith('%%', skipBlankLines(code))) return splitCellMagic(code, magicNames);

  const pieces: CellPiece[] = [];
  let pythonStart = 0;
  let line = 1;
  let pythonLine = 1;
  const endPython = (end: number) => {
    const python = code.slice(pythonStart, end);
    if (hasCode(python)) pieces.push({ kind: 'python', code: python, line: pythonLine });
  };
  for (const { start, end, isOpaque } of logicalLines(code)) {
    const piece = isOpaque ? readMagicLine(code.slice(start, end), line, magicNames) : undefined;
    const nextLine = line + countLines(code, start, end);
    if (piece !== undefined) {
      endPython(start);
      pieces.push(piece);
      pythonStart = end;
      pythonLine = nextLine;
    }
    line = nextLine;
  }
  if (pieces.length === 0) return [{ kind: 'python', code, line: 1 }];
  endPython(code.length);
  return pieces;
}

/** A line of a cell, with those that it goes on in. */
export interface LogicalLine {
  readonly start: number;
  /** After its line end. */
  readonly end: number;
  /** Whether it is a magic's, a shell command or a question, and not Python's. */
  readonly isOpaque: boolean;
}

/** The logical lines of a cell in order. Of a cell magic only the first is one, the rest its body. */
export function* logicalLines(code: string): Generator<LogicalLine> {
  const scanner = new Scanner(code);
  const first = skipBlankLines(code);
  if (code.startsWith('%%', first)) {
    yield { start: first, end: scanner.endOfOpaqueLine(first), isOpaque: true };
    return;
  }
  for (let at = 0; at < code.length; ) {
    const isOpaque = OPAQUE.test(lineAt(code, at));
    const end = isOpaque ? scanner.endOfOpaqueLine(at) : scanner.endOfStatement(at);
    yield { start: at, end, isOpaque };
    at = end;
  }
}

function splitCellMagic(code: string, magicNames: ReadonlySet<string>): CellPiece[] {
  const [first] = logicalLines(code);
  const { start, end } = first as LogicalLine;
  const text = joinContinued(code.slice(start, end));
  const line = countLines(code, 0, start) + 1;
  const help = readHelp(text, line, magicNames);
  if (help !== undefined && !hasCode(code.slice(end))) return [help];
  const found = CELL_MAGIC.exec(text);
  const name = found?.[1];
  if (name === undefined || !magicNames.has(name)) return [{ kind: 'python', code, line: 1 }];
  const args = (found?.[2] ?? '').trim();
  return [{ kind: 'magic', invocation: { name, args, body: code.slice(end), line } }];
}

function readMagicLine(
  source: string,
  line: number,
  magicNames: ReadonlySet<string>,
): CellPiece | undefined {
  const text = joinContinued(source);
  const help = readHelp(text, line, magicNames);
  if (help !== undefined) return help;
  const found = LINE_MAGIC.exec(text);
  const [, assignTo, name, rest = ''] = found ?? [];
  if (name === undefined || !magicNames.has(name)) return undefined;
  const args = rest.trim();
  return {
    kind: 'magic',
    invocation: { name, args, line, ...(assignTo === undefined ? {} : { assignTo }) },
  };
}

function readHelp(
  text: string,
  line: number,
  magicNames: ReadonlySet<string>,
): CellPiece | undefined {
  const found = HELP.exec(text);
  const name = found?.[1] ?? found?.[2];
  if (name === undefined || !magicNames.has(name)) return undefined;
  return { kind: 'help', name, line };
}

/** One line out of several that backslashes join, without the line end. */
function joinContinued(source: string): string {
  return source.replace(/\r?\n$/, '').replace(/\\\r?\n[ \t]*/g, ' ');
}

function lineAt(code: string, start: number): string {
  const end = code.indexOf('\n', start);
  return code.slice(start, end < 0 ? code.length : end);
}

function skipBlankLines(code: string): number {
  return /^(?:[ \t\r]*\n)*/.exec(code)?.[0].length ?? 0;
}

function countLines(code: string, start: number, end: number): number {
  let count = 0;
  for (let at = code.indexOf('\n', start); at >= 0 && at < end; at = code.indexOf('\n', at + 1)) {
    count++;
  }
  return count;
}

/** Whether anything stands there but blank lines and comments. */
function hasCode(python: string): boolean {
  return /^[ \t]*[^\s#]/m.test(python);
}
