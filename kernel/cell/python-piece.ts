/**
 * The source that the session gets for a piece of a cell, such that it behaves as it would within
 * the whole: tracebacks name the lines of the cell, and only the cell's last expression is shown.
 *
 * @param code ends with a line end when something follows it.
 * @param line the line of the cell that the piece begins on, counted from 1.
 * @param isLast whether nothing follows it in the cell.
 */
export function pieceSource(code: string, line: number, isLast: boolean): string {
  // IPython strips blank lines at the beginning, which a comment before them prevents.
  const padding = line > 1 ? `#${'\n'.repeat(line - 1)}` : '';
  // With a statement after it the last expression is not the cell's, and is not displayed.
  return isLast ? padding + code : `${padding}${code}pass\n`;
}

const PERCENT = 0x25;
const ESCAPED_PERCENT = Buffer.from('\\u0025');

/** Whether the content of a request may hold a magic at all, told without parsing it. */
export function mayHoldMagic(content: Uint8Array): boolean {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return bytes.includes(PERCENT) || bytes.includes(ESCAPED_PERCENT);
}
