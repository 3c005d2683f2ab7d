import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { didYouMean } from '../suggest.js';
import { ConfigFileError } from './errors.js';
import { checkAccess, isObject, readJsonFile } from './json-file.js';
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
  const file = await readJsonFile(path);
  if (file === undefined) {
    if (env.SLIPWAY_CONFIG) {
      throw new ConfigFileError(`SLIPWAY_CONFIG names ${path}, which is not there.`);
    }
    return { path, top: placeIn(path, '', {}), servers: new Map() };
  }
  const { servers = {}, ...top } = file.content;
  if (!isObject(servers)) {
    throw new ConfigFileError(`${path}: "servers" must be an object of servers by their names.`);
  }
  const check = await checker(path);
  const places = new Map<string, Place>();
  for (const [name, server] of Object.entries(servers)) {
    places.set(name, placeIn(path, `servers.${name}.`, checkServer(path, name, server, check)));
  }
  const contents = { path, top: placeIn(path, '', check(top, '')), servers: places };
  checkAccess(file, secretOf(contents));
  return contents;
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

/** The name of a secret that stands in the file. */
function secretOf({ top, servers }: ConfigFile): string | undefined {
  const all = [top, ...servers.values()];
  return SETTING_KEYS.find(
    (key) => SETTINGS[key].isSecret && all.some(({ values }) => values[key] !== undefined),
  );
}
