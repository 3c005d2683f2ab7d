import { InvalidObjectNameError } from './errors.js';

const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

/** https://docs.python.org/3/reference/lexical_analysis.html#keywords */
const KEYWORDS: ReadonlySet<string> = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);

/**
 * Checks that Python could bind a name.
 * @throws {InvalidObjectNameError}
 */
export function assertObjectName(name: string): void {
  if (!IDENTIFIER.test(name) || KEYWORDS.has(name)) throw new InvalidObjectNameError(name);
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const NAME_LENGTH = 15;

/** A name for a session whose creator gave none: 15 letters, as R Server made them up. */
export function randomSessionName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(NAME_LENGTH));
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join('');
}
