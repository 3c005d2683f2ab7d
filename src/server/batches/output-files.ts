const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const MEMBER = Buffer.from('"outputFiles"');
const NO_FILES = Buffer.from('{}');

/** A file that the run of a row has left. */
export interface OutputFile {
  readonly name: string;
  readonly content: Buffer;
}

/**
 * Takes the files out of a worker's answer, which then has none: they are kept apart and are got
 * one by one. The rest of the answer stays as it was written, byte by byte, so that its numbers do.
 * @param answer compact JSON of a `WebServiceResult`
 */
export function takeOutputFiles(answer: Buffer): {
  readonly answer: Buffer;
  readonly files: readonly OutputFile[];
} {
  const place = findMember(answer);
  if (place === undefined) return { answer, files: [] };
  const given = JSON.parse(answer.toString('utf8', place.start, place.end)) as {
    readonly [name: string]: string | null;
  };
  // A file that was declared and is null was not written.
  const files = Object.entries(given).flatMap(([name, content]) =>
    content === null ? [] : [{ name, content: Buffer.from(content, 'base64') }],
  );
  const rest = [answer.subarray(0, place.start), NO_FILES, answer.subarray(place.end)];
  return { answer: Buffer.concat(rest), files };
}

/** Where the value of `outputFiles` stands in the outermost object. */
function findMember(json: Buffer): { readonly start: number; readonly end: number } | undefined {
  let at = 1;
  while (json[at] === QUOTE) {
    const keyEnd = endOfString(json, at);
    const start = keyEnd + (json[keyEnd] === COLON ? 1 : 0);
    const end = endOfValue(json, start);
    if (json.subarray(at, keyEnd).equals(MEMBER)) return { start, end };
    at = json[end] === COMMA ? end + 1 : end;
  }
  return undefined;
}

function endOfValue(json: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    switch (json[at]) {
      case QUOTE:
        at = endOfString(json, at);
        continue;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth === 0) return at;
        depth -= 1;
        break;
      case COMMA:
        if (depth === 0) return at;
        break;
      default:
    }
    at += 1;
  }
  return at;
}

/** Where a string ends that begins at a quote: after its other quote. */
function endOfString(json: Buffer, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = json.indexOf(QUOTE, at);
    if (quote < 0) return json.length;
    let escapes = 0;
    while (json[quote - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}
