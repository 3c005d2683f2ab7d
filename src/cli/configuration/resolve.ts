import { didYouMean } from '../../client/index.js';
import {
  type AnyTable,
  CONFIG_DEFAULTS,
  member,
  type NamedSetting,
  SETTINGS,
  type SettableConfig,
  Setting,
  settingsOf,
  variableOf,
} from '../../server/settings/index.js';
import { dataDirectory } from '../settings.js';
import { findConfigFile, readConfigFile } from './config-file.js';
import { ServerSettingError } from './errors.js';
import type { Given, Source } from './given.js';
import { readSecretReference } from './secrets.js';

/** The options that have to do with settings, as the command line has read them. */
export interface SettingOptions {
  readonly config?: string;
  /** `NAME=VALUE`, each. */
  readonly set?: readonly string[];
  /** By the name of the option in camel case: `logLevel`. */
  readonly [option: string]: unknown;
}

/** Where a setting comes from, and its value unless that is a secret. */
export interface SettingOrigin {
  readonly name: string;
  readonly value: unknown;
  readonly source: Source;
  readonly where: string;
}

/** The settings of a server, and where each comes from. Python is undefined where none is named. */
export interface ServerSettings {
  readonly config: Omit<SettableConfig, 'python'> & { readonly python: string | undefined };
  readonly file: string | undefined;
  readonly origins: readonly SettingOrigin[];
}

/**
 * Puts the places together. A setting comes from the first of these that says it: an option, the
 * environment (an empty variable counts as none), the configuration file, the default.
 * @param env secrets that are read from it are taken out of it
 * @throws {ServerSettingError} or {ConfigFileError}, naming the place and what it should say
 */
export async function resolveSettings(
  options: SettingOptions = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<ServerSettings> {
  const all = settingsOf(SETTINGS, CONFIG_DEFAULTS);
  const directory = dataDirectory(options.data as string | undefined, env);
  const path = findConfigFile({
    option: options.config,
    env,
    dataDirectory: directory,
    isEmbedded: options.embedded === true,
  });
  const file = path && (await readConfigFile(path, SETTINGS, env));
  const given = new Map<string, Given>(file ? file.given : []);
  for (const named of all) {
    const said =
      fromOption(named, options) ?? fromSet(named, options) ?? (await fromEnvironment(named, env));
    if (said !== undefined) given.set(named.name, said);
  }
  refuseUnknownNames(all, options);
  given.set('dataDirectory', { ...(given.get('dataDirectory') ?? DEFAULT), value: directory });
  const groups = new Set(file ? file.groups : []);
  return {
    config: assemble(SETTINGS, CONFIG_DEFAULTS, '', given, groups) as never,
    file: path,
    origins: all.map((named) => originOf(named, given)),
  };
}

const DEFAULT: Given = { value: undefined, source: 'default', where: '' };

function fromOption({ name, setting }: NamedSetting, options: SettingOptions): Given | undefined {
  const { option } = setting.details;
  if (option === undefined) return undefined;
  const key = option.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const value = options[key];
  if (value === undefined) return undefined;
  if (value === true) return { value, source: 'option', where: option };
  return parse(String(value), setting, 'option', option, name);
}

function fromSet({ name, setting }: NamedSetting, options: SettingOptions): Given | undefined {
  // The last one counts, as with other options that are given twice.
  const pair = options.set?.findLast((each) => each.startsWith(`${name}=`));
  if (pair === undefined) return undefined;
  if (setting.details.isSecret || setting.details.isInFile === false) {
    const reason = setting.details.isSecret
      ? 'everybody on this machine can read the arguments of a program'
      : 'it has an option of its own';
    throw new ServerSettingError(`"${name}" cannot be given with --set: ${reason}.`);
  }
  return parse(pair.slice(name.length + 1), setting, 'option', `--set ${name}`, name);
}

async function fromEnvironment(
  named: NamedSetting,
  env: NodeJS.ProcessEnv,
): Promise<Given | undefined> {
  const { name, setting } = named;
  const variable = variableOf(named);
  if (variable === null) return undefined;
  const text = env[variable];
  if (text) {
    if (setting.details.isSecret) delete env[variable];
    return parse(text, setting, 'environment', variable, name);
  }
  const file = setting.details.isSecret ? env[`${variable}_FILE`] : undefined;
  if (!file) return undefined;
  const where = `${variable}_FILE`;
  const value = await readSecretReference({ file }, where, process.cwd(), env);
  return parse(value, setting, 'environment', where, name);
}

function parse(text: string, setting: Setting, source: Source, where: string, name: string): Given {
  const value = setting.kind.fromText(text, process.cwd());
  if (value === undefined) {
    const shown = setting.details.isSecret ? '' : ` ${JSON.stringify(text)}`;
    throw new ServerSettingError(
      `${where} says${shown || ' something'} for "${name}"; it must be ${setting.kind.expected}.`,
    );
  }
  return { value, source, where };
}

function refuseUnknownNames(all: readonly NamedSetting[], options: SettingOptions): void {
  const names = all.map(({ name }) => name);
  for (const pair of options.set ?? []) {
    const [name = ''] = pair.split('=', 1);
    if (!pair.includes('=')) {
      throw new ServerSettingError(`--set ${pair} must be of the form NAME=VALUE.`);
    }
    if (!names.includes(name)) {
      const hint = didYouMean(name, names) || ' "slipway server config" lists all.';
      throw new ServerSettingError(`--set knows no "${name}".${hint}`);
    }
  }
}

/** The configuration as an object. A group that is not there by default is left out unless named. */
function assemble(
  table: AnyTable,
  defaults: unknown,
  prefix: string,
  given: ReadonlyMap<string, Given>,
  groups: ReadonlySet<string>,
): Record<string, unknown> {
  const isNamed = (group: string) =>
    groups.has(group) || [...given.keys()].some((name) => name.startsWith(`${group}.`));
  const entries = Object.entries(table).map(([key, entry]) => {
    const name = prefix + key;
    const own = member(defaults, key);
    if (entry instanceof Setting) {
      const value = given.get(name)?.value ?? own ?? entry.details.default;
      if (value === undefined && entry.details.isRequired) {
        throw new ServerSettingError(`"${name}" is missing, which "${prefix.slice(0, -1)}" needs.`);
      }
      return [key, value];
    }
    if (own === undefined && !isNamed(name)) return [key, undefined];
    return [key, assemble(entry, own, `${name}.`, given, groups)];
  });
  return Object.fromEntries(entries);
}

function originOf(named: NamedSetting, given: ReadonlyMap<string, Given>): SettingOrigin {
  const { name, setting } = named;
  const { value, source, where } = given.get(name) ?? { ...DEFAULT, value: named.default };
  const shown = setting.details.isSecret && value !== undefined ? '(not shown)' : value;
  return { name, value: shown, source, where };
}
