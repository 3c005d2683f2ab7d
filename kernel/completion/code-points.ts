/** The offset in a string, which counts UTF-16 units, of a position that counts code points. */
export function offsetOf(text: string, codePoints: number): number {
  let offset = 0;
  for (let left = codePoints; left > 0 && offset < text.length; left -= 1) {
    offset += (text.codePointAt(offset) as number) > 0xffff ? 2 : 1;
  }
  return offset;
}

/** How many code points stand before an offset, as Jupyter counts positions. */
export function codePointsBefore(text: string, offset: number): number {
  let count = 0;
  for (const _ of text.slice(0, offset)) count += 1;
  return count;
}
