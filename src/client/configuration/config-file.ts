import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type OwnFile, OwnFileError, type OwnFileProblem, readOwnFile } from '../own-file.js';
import { didYouMean } from '../suggest.js';
import { ConfigFileError } from './errors.js';
import type { Place } from './places.js';
import { SETTING_KEYS, SETTINGS, type SettingKey, type SettingValues } from './settings.js';
import { normaliseValue } from './values.js';

/** What a configuration file says; empty where there is none. */
export interface ConfigFile {
  readonly path: string;
  /** What stands at the top: the server that is used, and what holds for every other. */
  readonly top: Place;
  /** The servers that have a name. */
  readonly servers: ReadonlyMap<string, Place>;
}

/** A name of a server: a word that cannot be taken for an address with a port or a path. */
const SERVER_NAME = /^[A-Za-z][\w-]*$/;

/** Words that `%connect` takes for something else. */
export const EMBEDDED = 'embedded';

/** Where the configuration file is: `SLIPWAY_CONFIG`, or `slipway/config.json` with the others. */
export function configFilePath(env: NodeJS.ProcessEnv): string {
  if (env.SLIPWAY_CONFIG) return resolve(env.SLIPWAY_CONFIG);
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'slipway', 'config.json');
}

/**
 * Reads the configuration file.
 * @throws {ConfigFileError} naming file, key and what to do.
 */
export async function readConfigFile(env: NodeJS.ProcessEnv): Promise<ConfigFile> {
  const path = configFilePath(env);
  const file = await readFile(path);
  if (file === undefined) {
    if (env.SLIPWAY_CONFIG) {
      throw new ConfigFileError(`SLIPWAY_CONFIG names ${path}, which is not there.`);
    }
    return { path, top: placeIn(path, '', {}), servers: new Map() };
  }
  const { servers = {}, ...top } = parseObject(path, file.text);
  if (!isObject(servers)) {
    throw new ConfigFileError(`${path}: "servers" must be an object of servers by their names.`);
  }
  const check = await checker(path);
  const places = new Map<string, Place>();
  for (const [name, server] of Object.entries(servers)) {
    places.set(name, placeIn(path, `servers.${name}.`, checkServer(path, name, server, check)));
  }
  const contents = { path, top: placeIn(path, '', check(top, '')), servers: places };
  checkAccess(path, file.mode, contents);
  return contents;
}

const DISTRUST: Readonly<Record<OwnFileProblem, string>> = {
  unreadable: 'cannot be read. Check who may read it.',
  'no regular file': 'is no regular file of at most 1 MiB.',
  'of another user':
    'belongs to another user, who could send your password elsewhere. Put your own in its place.',
};

async function readFile(path: string): Promise<OwnFile | undefined> {
  try {
    return await readOwnFile(path, 'root');
  } catch (error) {
    if (!(error instanceof OwnFileError)) throw error;
    throw new ConfigFileError(`${path} ${DISTRUST[error.problem]}`, { cause: error });
  }
}

function parseObject(path: string, text: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    // The parser's own message quotes the text, which may be a password.
    const [, position] = /position (\d+)/.exec((error as Error).message) ?? [];
    const line = text.slice(0, Number(position ?? 0)).split('\n').length;
    const where = position === undefined ? '' : `, at line ${line}`;
    throw new ConfigFileError(`${path} is not JSON${where}.`);
  }
  if (isObject(content)) return content;
  throw new ConfigFileError(`${path} must hold one JSON object, such as {"url": "https://…"}.`);
}

type Check = (settings: Record<string, unknown>, prefix: string) => Partial<SettingValues>;

/** Schemas are compiled when there is a file to check: a starting kernel does not wait for them. */
async function checker(path: string): Promise<Check> {
  const { Compile } = await import('typebox/schema');
  return (settings, prefix) => {
    const values: [SettingKey, unknown][] = [];
    for (const [name, value] of Object.entries(settings)) {
      const key = SETTING_KEYS.find((known) => known === name);
      if (key === undefined) {
        const known = prefix === '' ? [...SETTING_KEYS, 'servers'] : SETTING_KEYS;
        const hint = didYouMean(name, known) || ` It may hold ${known.join(', ')}.`;
        throw new ConfigFileError(`${path} knows no "${prefix}${name}".${hint}`);
      }
      const { schema, expected } = SETTINGS[key];
      const normal = Compile(schema).Check(value)
        ? normaliseValue(key, value, dirname(path))
        : undefined;
      if (normal === undefined) {
        throw new ConfigFileError(`${path}: "${prefix}${name}" must be ${expected}.`);
      }
      values.push([key, normal]);
    }
    return Object.fromEntries(values) as Partial<SettingValues>;
  };
}

function checkServer(path: string, name: string, server: unknown, check: Check) {
  if (!SERVER_NAME.test(name) || name === EMBEDDED || name === 'localhost') {
    throw new ConfigFileError(
      `${path}: "${name}" cannot be the name of a server. Use a word of letters, digits, - and _ that is neither embedded nor localhost.`,
    );
  }
  if (!isObject(server)) {
    throw new ConfigFileError(`${path}: "servers.${name}" must be an object of settings.`);
  }
  const values = check(server, `servers.${name}.`);
  if (values.url !== undefined) return values;
  throw new ConfigFileError(`${path}: "servers.${name}" needs a "url".`);
}

function placeIn(path: string, prefix: string, values: Partial<SettingValues>): Place {
  return { source: 'config file', values, where: (key) => `${path}: ${prefix}${key}` };
}

/** Whoever can write the file can run a command as this user; secrets are for this user's eyes. */
function checkAccess(path: string, mode: number, { top, servers }: ConfigFile): void {
  if (process.getuid === undefined) return;
  const octal = mode.toString(8).padStart(3, '0');
  const all = [top, ...servers.values()];
  const secret = SETTING_KEYS.find(
    (key) => SETTINGS[key].isSecret && all.some(({ values }) => values[key] !== undefined),
  );
  if (secret !== undefined && (mode & 0o077) !== 0) {
    throw new ConfigFileError(
      `${path} holds a ${secret} and is open to other users (mode ${octal}). Run: chmod 600 '${path}'`,
    );
  }
  if ((mode & 0o022) !== 0) {
    throw new ConfigFileError(
      `${path} may be changed by other users (mode ${octal}). Run: chmod 600 '${path}'`,
    );
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
