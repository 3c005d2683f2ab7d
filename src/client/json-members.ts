/** Thrown for a text that is not one JSON object; a parsed answer cannot cause it. */
export class JsonMembersError extends Error {
  readonly code = 'JSON_MEMBERS';
  override readonly name = 'JsonMembersError';
}

/**
 * The members of a JSON object as the texts that stand in it. Values that are only passed on stay
 * exact by it: parsed by JavaScript, `9.0` becomes `9`, and integers beyond 2^53 become others.
 * @param text JSON that has been parsed, so that its syntax is known to be right.
 * @throws {JsonMembersError} when it is no object.
 */
export function jsonMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let position = skipSpace(text, 0);
  if (text[position] !== '{') throw new JsonMembersError('The text is not a JSON object.');
  position = skipSpace(text, position + 1);
  while (text[position] === '"') {
    const keyEnd = endOfString(text, position);
    const key = JSON.parse(text.slice(position, keyEnd)) as string;
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    members.set(key, text.slice(start, end).trimEnd());
    position = text[end] === ',' ? skipSpace(text, end + 1) : end;
  }
  return members;
}

/** The position of the comma or bracket that ends a value. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  let position = start;
  while (position < text.length) {
    const character = text[position];
    if (character === '"') {
      position = endOfString(text, position);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') {
      if (depth === 0) return position;
      depth -= 1;
    } else if (character === ',' && depth === 0) return position;
    position += 1;
  }
  throw new JsonMembersError('The JSON object has no end.');
}

function endOfString(text: string, start: number): number {
  let position = start + 1;
  while (position < text.length) {
    const character = text[position];
    if (character === '"') return position + 1;
    position += character === '\\' ? 2 : 1;
  }
  throw new JsonMembersError('The JSON object has no end.');
}

function skipSpace(text: string, start: number): number {
  let position = start;
  while (/\s/.test(text[position] ?? '')) position += 1;
  return position;
}
