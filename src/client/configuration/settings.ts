/** How a user may prove who they are; those without an implementation are refused with advice. */
export const AUTH_METHODS = ['admin', 'ldap', 'aad', 'token'] as const;
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** The values of all settings. */
export interface SettingValues {
  /** Address of the server, name of one in the configuration file, or `embedded`. */
  readonly url: string;
  readonly user: string;
  readonly auth: AuthMethod;
  readonly token: string;
  readonly tokenFile: string;
  readonly password: string;
  readonly passwordFile: string;
  /** A program and its arguments. */
  readonly credentialCommand: readonly string[];
  /** PEM certificates of the authorities to trust, in place of the usual ones. */
  readonly caFile: string;
  /** Address of the issuer where the user logs in. */
  readonly authority: string;
  /** The program that they log in with, as it is registered there. */
  readonly clientId: string;
  /** The API that the token is for. */
  readonly audience: string;
  /** What is asked for. */
  readonly scope: string;
  /** Seconds that a short request may take. */
  readonly timeout: number;
}

export type SettingKey = keyof SettingValues;

/** In order of precedence. */
export const SOURCES = ['%connect', 'environment', 'kernelspec', 'config file', 'default'] as const;
export type SettingSource = (typeof SOURCES)[number];

/** What is to be known of a setting. The table in docs/configuration.md is checked against these. */
export interface Setting<Key extends SettingKey = SettingKey> {
  readonly key: Key;
  /** How `%connect` gives it, where it does. */
  readonly magic?: string;
  /** Whether its value is never shown and may not stand in an entry of Jupyter's. */
  readonly isSecret: boolean;
  /** Whether it names a file: `~/` and relative paths are understood. */
  readonly isPath: boolean;
  /** What it is when no place says it, for people. */
  readonly default: string;
  /** JSON schema of its value in the configuration file. */
  readonly schema: object;
  /** What the value must be, after "must be". */
  readonly expected: string;
  /** The value that a text in the environment stands for; undefined when it stands for none. */
  fromText(text: string): SettingValues[Key] | undefined;
}

const TEXT = { type: 'string', minLength: 1 } as const;

function text<Key extends SettingKey>(
  key: Key & (SettingValues[Key] extends string ? Key : never),
  rest: Partial<Setting<Key>> = {},
): Setting<Key> {
  return {
    key,
    isSecret: false,
    isPath: false,
    default: 'none',
    schema: TEXT,
    expected: 'a text that is not empty',
    fromText: (value) => value as SettingValues[Key],
    ...rest,
  };
}

/** The default of what a server tells to those who have no token. */
const SAID = 'what the server says';

const path = { isPath: true, expected: 'the path of a file' } as const;

/** All settings. Of several ways to log in at one place, the first of this order counts. */
export const SETTINGS: { readonly [Key in SettingKey]: Setting<Key> } = {
  url: text('url', {
    magic: '%connect URL',
    default: 'your own server, on this machine',
    expected: 'an address such as "https://rserver.example.com:12800"',
  }),
  user: text('user', { magic: '--user NAME', default: 'admin' }),
  auth: text('auth', {
    magic: '--auth METHOD',
    default: 'admin',
    schema: { enum: AUTH_METHODS },
    expected: 'admin (user name and password), aad (an issuer such as Azure AD) or token',
    fromText: (value) => AUTH_METHODS.find((method) => method === value),
  }),
  token: text('token', { magic: 'asked', isSecret: true }),
  tokenFile: text('tokenFile', path),
  password: text('password', { magic: 'asked', isSecret: true }),
  passwordFile: text('passwordFile', path),
  credentialCommand: {
    key: 'credentialCommand',
    isSecret: false,
    isPath: false,
    default: 'none',
    schema: { anyOf: [TEXT, { type: 'array', items: TEXT, minItems: 1 }] },
    expected: 'a program with its arguments, as a list of texts or as one line with quotes',
    fromText: splitCommand,
  },
  authority: text('authority', {
    default: SAID,
    expected: 'an https address such as "https://login.microsoftonline.com/contoso.com"',
    // Whether it is protected by TLS is looked at by whoever sends something there.
    fromText: (value) => (/^https?:\/\/[^\s?#@]+$/.test(value) ? value : undefined),
  }),
  clientId: text('clientId', { default: SAID }),
  audience: text('audience', { default: SAID }),
  scope: text('scope', { default: SAID }),
  caFile: text('caFile', { ...path, default: 'the authorities that Node trusts' }),
  timeout: {
    key: 'timeout',
    isSecret: false,
    isPath: false,
    default: '30',
    schema: { type: 'number', minimum: 1, maximum: 3600 },
    expected: 'a number of seconds from 1 to 3600',
    fromText(value) {
      const seconds = Number(value);
      return seconds >= 1 && seconds <= 3600 ? seconds : undefined;
    },
  },
};

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly SettingKey[];

/** `SLIPWAY_PASSWORD_FILE`: where the user's environment says a setting. */
export function environmentVariable(key: SettingKey): string {
  return `SLIPWAY_${screaming(key)}`;
}

/**
 * `SLIPWAY_DEFAULT_URL`: where the entry of the kernel says it. Jupyter lets the variables of an
 * entry replace the user's own, so they have names of their own, and the user's go first.
 */
export function kernelspecVariable(key: SettingKey): string {
  return `SLIPWAY_DEFAULT_${screaming(key)}`;
}

/** Every variable that is for the kernel alone: not for a server it starts, nor for sessions. */
export const KERNEL_VARIABLES: readonly string[] = [
  'SLIPWAY_CONFIG',
  ...SETTING_KEYS.flatMap((key) => [environmentVariable(key), kernelspecVariable(key)]),
];

function screaming(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/**
 * Splits a line into a program and its arguments: at blanks, except inside of quotes. Nothing is
 * expanded, since no shell runs it. Undefined when it is empty or a quote is not closed.
 */
export function splitCommand(line: string): readonly string[] | undefined {
  const word = /\s*((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+)(?=\s|$)/sy;
  const words: string[] = [];
  while (word.lastIndex < line.trimEnd().length) {
    const found = word.exec(line)?.[1];
    if (found === undefined) return undefined;
    words.push(found.replace(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs, unquote));
  }
  return words.length > 0 ? words : undefined;
}

function unquote(_: string, double?: string, single?: string, escaped?: string): string {
  return double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? '';
}
