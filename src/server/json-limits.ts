import { ApiError } from './errors.js';

/**
 * Levels of arrays and objects in each other that a body may have. Python's own parser gives up
 * before a thousand, and would give up a session's message with it.
 */
const MAX_DEPTH = 500;

/** Thrown for JSON that is nested more deeply than Python can read. */
export class NestedTooDeepError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'NESTED_TOO_DEEP';
  override readonly name = 'NestedTooDeepError';

  constructor() {
    super(
      `The body of the request is nested more than ${MAX_DEPTH} levels deep. Send it as a flatter value, such as a list of records.`,
    );
  }
}

/** Thrown for a text with half of a surrogate pair: Python could not send it back as UTF-8. */
export class IllFormedTextError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'INVALID_JSON';
  override readonly name = 'IllFormedTextError';

  constructor() {
    super(
      'A text in the body of the request holds half of a surrogate pair, which is no character. Send both halves, or the character itself in UTF-8.',
    );
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Checks what JSON allows and Python does not. It says nothing of bytes that are not JSON.
 * @throws {NestedTooDeepError} or {IllFormedTextError}
 */
export function checkJsonLimits(json: Uint8Array): void {
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    switch (json[at]) {
      case QUOTE:
        at = endOfString(json, at + 1);
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth += 1;
        if (depth > MAX_DEPTH) throw new NestedTooDeepError();
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth -= 1;
        break;
      default:
    }
  }
}

/** Where a string ends whose first character is at `at`. @throws {IllFormedTextError} */
function endOfString(json: Uint8Array, at: number): number {
  let position = at;
  while (position < json.length && json[position] !== QUOTE) {
    if (json[position] !== BACKSLASH) {
      position += 1;
    } else if (json[position + 1] !== LETTER_U) {
      position += 2;
    } else {
      const unit = codeUnit(json, position);
      const isPair = isHigh(unit) && isLow(codeUnit(json, position + 6));
      if (!isPair && (isHigh(unit) || isLow(unit))) throw new IllFormedTextError();
      position += isPair ? 12 : 6;
    }
  }
  return position;
}

/** The number that an escape such as `\u00e9` at a position gives; NaN where there is none. */
function codeUnit(json: Uint8Array, at: number): number {
  if (json[at] !== BACKSLASH || json[at + 1] !== LETTER_U) return Number.NaN;
  return Number.parseInt(String.fromCharCode(...json.subarray(at + 2, at + 6)), 16);
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
