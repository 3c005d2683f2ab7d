import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  ConfigFileError,
  checkAccess,
  didYouMean,
  isObject,
  type JsonFile,
  readJsonFile,
} from '../../client/index.js';
import { type AnyTable, Setting } from '../../server/settings/index.js';
import type { Given } from './given.js';
import { isSecretReference, readSecretReference } from './secrets.js';

/** The file for all servers of the machine that are not a user's own. */
const SYSTEM_FILE = '/etc/slipway/server-config.json';

/** Where a configuration file may be. */
export interface FilePlaces {
  /** The option `--config`. */
  readonly option: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly dataDirectory: string;
  /** Whether the server is a user's own, for which the machine's file is not meant. */
  readonly isEmbedded: boolean;
}

/** The file that is named, else the first of the usual places that there is. */
export function findConfigFile(places: FilePlaces): string | undefined {
  const { option, env, dataDirectory, isEmbedded } = places;
  const named = option || env.SLIPWAY_SERVER_CONFIG;
  if (named) {
    const path = resolve(named);
    if (existsSync(path)) return path;
    const where = option ? '--config' : 'SLIPWAY_SERVER_CONFIG';
    throw new ConfigFileError(`${where} names ${path}, which is not there.`);
  }
  const usual = [join(dataDirectory, 'server-config.json'), ...(isEmbedded ? [] : [SYSTEM_FILE])];
  return usual.find((path) => existsSync(path));
}

/** What a configuration file says, and the groups that it names, even if they are empty. */
export interface ConfigFile {
  readonly given: ReadonlyMap<string, Given>;
  readonly groups: ReadonlySet<string>;
}

/**
 * Reads a configuration file and checks it against a table.
 * @throws {ConfigFileError} for a file that others can change, a name that is not known, a value of
 * another type, a secret that others can read
 */
export async function readConfigFile(
  path: string,
  table: AnyTable,
  env: NodeJS.ProcessEnv,
): Promise<ConfigFile> {
  const file = await readJsonFile(path);
  if (file === undefined) throw new ConfigFileError(`${path} is not there any more.`);
  const reader = new Reader(file, env);
  await reader.readGroup(table, file.content, '');
  checkAccess(file, reader.secret && `secret ("${reader.secret}")`);
  return reader;
}

class Reader implements ConfigFile {
  readonly given = new Map<string, Given>();
  readonly groups = new Set<string>();
  /** The name of a secret whose text stands in the file. */
  secret: string | undefined;

  constructor(
    private readonly file: JsonFile,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  async readGroup(table: AnyTable, content: Record<string, unknown>, prefix: string) {
    const { path } = this.file;
    for (const [key, value] of Object.entries(content)) {
      const name = prefix + key;
      const entry = Object.hasOwn(table, key) ? table[key] : undefined;
      if (entry === undefined) throw this.#unknown(table, key, prefix);
      if (entry instanceof Setting) {
        await this.#readSetting(name, entry, value);
      } else if (isObject(value)) {
        this.groups.add(name);
        await this.readGroup(entry, value, `${name}.`);
      } else {
        throw new ConfigFileError(
          `${path}: "${name}" must be an object with ${Object.keys(entry).join(', ')}.`,
        );
      }
    }
  }

  async #readSetting(name: string, setting: Setting, value: unknown): Promise<void> {
    const { path } = this.file;
    const { isInFile, isSecret, option, variable } = setting.details;
    if (isInFile === false) {
      const ways = [option, variable].filter((way) => way != null).join(' or ');
      throw new ConfigFileError(`${path}: "${name}" cannot stand in this file. Use ${ways}.`);
    }
    const where = `${path}: ${name}`;
    let text = value;
    if (isSecret && isSecretReference(value)) {
      text = await readSecretReference(value, where, dirname(path), this.env);
    } else if (isSecret) {
      this.secret ??= name;
    }
    const normal = setting.kind.fromJson(text, dirname(path));
    if (normal === undefined) {
      const reference = isSecret ? ', {"file": "…"} or {"environment": "…"}' : '';
      throw new ConfigFileError(`${path}: "${name}" must be ${setting.kind.expected}${reference}.`);
    }
    this.given.set(name, { value: normal, source: 'config file', where });
  }

  #unknown(table: AnyTable, key: string, prefix: string): ConfigFileError {
    const known = Object.entries(table)
      .filter(([, entry]) => !(entry instanceof Setting && entry.details.isInFile === false))
      .map(([name]) => name);
    const hint = didYouMean(key, known) || ` It may hold ${known.join(', ')}.`;
    return new ConfigFileError(`${this.file.path} knows no "${prefix}${key}".${hint}`);
  }
}
