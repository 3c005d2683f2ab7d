import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isQuotable, normaliseAuthority } from '../../api/index.js';

/** What a setting may be, and how a configuration file or a text says it. */
export interface Kind<Value> {
  /** What the value must be, after "must be". */
  readonly expected: string;
  /** What stands for it in a usage text. */
  readonly placeholder: string;
  /**
   * The value that a member of the configuration file stands for; undefined when it has another
   * type or is out of range.
   * @param base folder from which relative paths are meant
   */
  fromJson(value: unknown, base: string): Value | undefined;
  /** The value that a text stands for, of a variable or an option. */
  fromText(text: string, base: string): Value | undefined;
}

/** Text that is not empty. */
export function text(expected = 'a text that is not empty'): Kind<string> {
  const fromJson = (value: unknown) =>
    typeof value === 'string' && value !== '' ? value : undefined;
  return { expected, placeholder: '<text>', fromJson, fromText: fromJson };
}

/** Text that can stand between quotes in a header: ASCII without quotes and backslashes. */
export function quotable(expected: string): Kind<string> {
  const fromJson = (value: unknown) =>
    typeof value === 'string' && isQuotable(value) ? value : undefined;
  return { expected, placeholder: '<text>', fromJson, fromText: fromJson };
}

/** The address of an issuer of OpenID Connect, in the one form that it has here. */
export const authority: Kind<string> = {
  expected: 'an https address such as https://login.microsoftonline.com/contoso.com',
  placeholder: '<url>',
  fromJson: (value) =>
    typeof value === 'string' && isQuotable(value) ? normaliseAuthority(value) : undefined,
  fromText: (written) => authority.fromJson(written, ''),
};

/** The path of a file or folder: `~/` is understood, and relative ones become absolute. */
export function path(expected = 'the path of a file'): Kind<string> {
  const fromJson = (value: unknown, base: string) => {
    if (typeof value !== 'string' || value === '') return undefined;
    return value.startsWith('~/') ? join(homedir(), value.slice(2)) : resolve(base, value);
  };
  return { expected, placeholder: '<path>', fromJson, fromText: fromJson };
}

/** An integer of a range. @param what is counted: `seconds` */
export function integer(what: string, minimum: number, maximum: number): Kind<number> {
  const fromJson = (value: unknown) =>
    typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum
      ? value
      : undefined;
  return {
    expected: `${what} from ${minimum} to ${maximum}`,
    placeholder: '<number>',
    fromJson,
    fromText: (written) => (/^\d{1,16}$/.test(written) ? fromJson(Number(written)) : undefined),
  };
}

/** Seconds, whole ones. */
export function seconds(minimum: number, maximum: number): Kind<number> {
  return integer('a number of seconds', minimum, maximum);
}

/** Bytes. */
export function bytes(minimum: number, maximum: number): Kind<number> {
  return integer('a number of bytes', minimum, maximum);
}

/** Text that has a form. @param isValid whether it has it */
function textOf(expected: string, isValid: (value: string) => boolean): Kind<string> {
  const { placeholder, fromJson } = text(expected);
  const valid = (value: unknown, base: string) => {
    const given = fromJson(value, base);
    return given !== undefined && isValid(given) ? given : undefined;
  };
  return { expected, placeholder, fromJson: valid, fromText: valid };
}

/** An address, or a network: `10.0.0.0/8`. */
export const network = textOf('an address or a network such as 10.0.0.0/8', (value) => {
  const [address = '', length, ...rest] = value.split('/');
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (bits < 0 || rest.length > 0) return false;
  // The network of all addresses would let everybody say where they come from; the router has none.
  return length === undefined || (/^[1-9]\d{0,2}$/.test(length) && Number(length) <= bits);
});

/** The origin of a page as a browser says it, or `*`. */
export const origin = textOf('an origin such as https://app.example.com', (value) => {
  if (value === '*') return true;
  return URL.canParse(value) && new URL(value).origin === value;
});

/** A secret that goes into a header. */
export const bearer = textOf('a text without blanks', (value) => /^[\x21-\x7e]+$/.test(value));

/** Yes or no. */
export const flag: Kind<boolean> = {
  expected: 'true or false',
  placeholder: '<true|false>',
  fromJson: (value) => (typeof value === 'boolean' ? value : undefined),
  fromText: (written) => (written === 'true' ? true : written === 'false' ? false : undefined),
};

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[]): Kind<Word> {
  const fromJson = (value: unknown) => words.find((word) => word === value);
  return {
    expected: words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`,
    placeholder: `<${words.join('|')}>`,
    fromJson,
    fromText: fromJson,
  };
}

/** Several values of a kind; in a text they stand between commas. */
export function list<Item>(item: Kind<Item>, expected: string): Kind<readonly Item[]> {
  const all = (values: readonly (Item | undefined)[]) =>
    values.includes(undefined) ? undefined : (values as Item[]);
  return {
    expected,
    placeholder: '<a,b,…>',
    fromJson: (value, base) =>
      Array.isArray(value) ? all(value.map((each) => item.fromJson(each, base))) : undefined,
    fromText: (written, base) =>
      all(written.split(',').map((each) => item.fromText(each.trim(), base))),
  };
}

/** Values of a kind by names that are free; a text is the same JSON object. */
export function record<Value>(
  value: Kind<Value>,
  expected: string,
): Kind<Readonly<Record<string, Value>>> {
  const fromJson = (given: unknown, base: string) => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
    const entries = Object.entries(given).map(
      ([name, each]) => [name, value.fromJson(each, base)] as const,
    );
    if (entries.some(([, each]) => each === undefined)) return undefined;
    return Object.fromEntries(entries) as Record<string, Value>;
  };
  return {
    expected,
    placeholder: '<json>',
    fromJson,
    fromText(written, base) {
      try {
        return fromJson(JSON.parse(written), base);
      } catch (error) {
        if (error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
  };
}
