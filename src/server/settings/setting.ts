import type { Kind } from './kinds.js';

/** What is to be known of a setting beyond its kind and its meaning. */
export interface SettingDetails<Value> {
  /** Its option of `slipway server run`, without a value: `--port`. */
  readonly option?: string;
  /** Its variable, where that is not `SLIPWAY_` and its name; null when it has none. */
  readonly variable?: string | null;
  /** False for what cannot stand in the configuration file. */
  readonly isInFile?: boolean;
  /**
   * What it is when nothing says it, for a setting of a group that is not there by default. All
   * others have their default in `CONFIG_DEFAULTS`.
   */
  readonly default?: Value;
  /** Its default for people, where it depends on the machine. */
  readonly defaultText?: string;
  /** Whether its group cannot do without it. */
  readonly isRequired?: boolean;
  /**
   * Whether it is a secret: never shown, never an option, and in the configuration file either a
   * reference, `{"file": …}` or `{"environment": …}`, or a text in a file of mode 0600.
   */
  readonly isSecret?: boolean;
}

/** One setting of a server. Validation, help and the documentation are made from it. */
export class Setting<Value = unknown> {
  constructor(
    readonly kind: Kind<Value>,
    /** What it does, as a part of a sentence, with its unit. */
    readonly description: string,
    readonly details: SettingDetails<Value> = {},
  ) {}
}

/** A value that is set as a whole: a group of settings has named members instead. */
type Leaf<Value> = [Value] extends [object]
  ? [Value] extends [readonly unknown[]]
    ? true
    : string extends keyof Value
      ? true
      : false
  : true;

/** A setting for each value of a configuration, and a table for each group in it. */
export type SettingTable<Config> = {
  readonly [Key in keyof Config]-?: Leaf<Exclude<Config[Key], undefined>> extends true
    ? Setting<Exclude<Config[Key], undefined>>
    : SettingTable<Exclude<Config[Key], undefined>>;
};

/** A table of which only the structure is known. */
export interface AnyTable {
  readonly [key: string]: Setting | AnyTable;
}

/** A setting under the name that it has in the configuration file: `https.keyFile`. */
export interface NamedSetting {
  readonly name: string;
  readonly setting: Setting;
  /** The default that `CONFIG_DEFAULTS` or the setting itself gives. */
  readonly default: unknown;
}

/** All settings of a table in its order, those of groups in their place. */
export function settingsOf(table: AnyTable, defaults: unknown, prefix = ''): NamedSetting[] {
  return Object.entries(table).flatMap(([key, entry]) => {
    const own = member(defaults, key);
    return entry instanceof Setting
      ? [{ name: prefix + key, setting: entry, default: own ?? entry.details.default }]
      : settingsOf(entry, own, `${prefix}${key}.`);
  });
}

/** A member of a value, if that is an object. */
export function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined;
}

/** The variable of a setting: `SLIPWAY_HTTPS_KEY_FILE` for `https.keyFile`; null for none. */
export function variableOf({ name, setting }: NamedSetting): string | null {
  const { variable } = setting.details;
  if (variable !== undefined) return variable;
  return `SLIPWAY_${name
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .replaceAll('.', '_')
    .toUpperCase()}`;
}
