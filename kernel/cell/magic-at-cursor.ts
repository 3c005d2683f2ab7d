import { logicalLines } from './split.js';

/** The line of a magic that the cursor is on; all positions are offsets in the cell. */
export interface MagicLine {
  /** `%`, or `%%` at the beginning of a cell. */
  readonly marker: string;
  /** As far as it is written; empty right after the marker. */
  readonly name: string;
  /** Where the marker begins, and where the name ends. */
  readonly start: number;
  readonly nameEnd: number;
  /** What follows the name; lines that it goes on in are joined by blanks, so offsets hold. */
  readonly args: string;
  /** Whether a cell magic may stand here: nothing is before it in the cell. */
  readonly isFirst: boolean;
}

const MAGIC_LINE =
  /^(?:[\p{L}_][\p{L}\p{N}_]*[ \t]*=[ \t]*|\?{1,2}[ \t]*)?(?<marker>%{1,2})(?<name>\w*)/u;

/**
 * The line with a magic at the cursor: at the top level of a cell, as far as it is written. The
 * magic may be anybody's. Undefined when the cursor is before the marker or on other code.
 */
export function magicAtCursor(code: string, cursor: number): MagicLine | undefined {
  for (const { start, end, isOpaque } of logicalLines(code)) {
    const isHere = start <= cursor && (cursor < end || (end === code.length && !endsLine(code)));
    if (isHere) return isOpaque ? readLine(code, start, end, cursor) : undefined;
  }
  return undefined;
}

function readLine(code: string, start: number, end: number, cursor: number): MagicLine | undefined {
  const line = code.slice(start, end).replace(/\r?\n$/, '');
  const found = MAGIC_LINE.exec(line);
  const { marker, name } = (found?.groups ?? {}) as { marker?: string; name?: string };
  if (found === null || marker === undefined || name === undefined) return undefined;
  const nameEnd = start + found[0].length;
  const markerStart = nameEnd - name.length - marker.length;
  if (cursor <= markerStart) return undefined;
  const isFirst = code.slice(0, markerStart).trim() === '';
  if (marker === '%%' && !isFirst) return undefined;
  const args = line.slice(found[0].length).replace(/\\\r?\n[ \t]*/g, (joint) => {
    return ' '.repeat(joint.length);
  });
  return { marker, name, start: markerStart, nameEnd, args, isFirst };
}

function endsLine(code: string): boolean {
  return code.endsWith('\n');
}
