import { MisplacedSecretError, SettingError } from './errors.js';
import {
  type AuthMethod,
  environmentVariable,
  kernelspecVariable,
  SETTING_KEYS,
  SETTINGS,
  type SettingKey,
  type SettingSource,
  type SettingValues,
} from './settings.js';
import { normaliseValue } from './values.js';

/** Settings that stand together: they are about the server that stands among them, if one does. */
export interface Place {
  readonly source: SettingSource;
  readonly values: Partial<SettingValues>;
  /** Where one of them stands: `SLIPWAY_URL`. */
  where(key: SettingKey): string;
}

/** What `%connect` was told. */
export interface MagicSettings {
  readonly url: string;
  readonly user?: string | undefined;
  readonly auth?: AuthMethod | undefined;
}

export function magicPlace(settings: MagicSettings | undefined): Place {
  const given = Object.entries(settings ?? {}).filter(([, value]) => value !== undefined);
  return {
    source: '%connect',
    values: Object.fromEntries(given) as Partial<SettingValues>,
    where: (key) => SETTINGS[key].magic ?? '%connect',
  };
}

/**
 * The user's own environment.
 * @throws {SettingError}
 */
export function environmentPlace(env: NodeJS.ProcessEnv): Place {
  const values = readVariables(env, environmentVariable);
  return { source: 'environment', values, where: environmentVariable };
}

/**
 * What the entry of the kernel sets. Everybody on the machine can read that, and it is copied
 * into logs, so it holds no secret.
 * @throws {SettingError}
 * @throws {MisplacedSecretError}
 */
export function kernelspecPlace(env: NodeJS.ProcessEnv): Place {
  const secret = SETTING_KEYS.find((key) => SETTINGS[key].isSecret && env[kernelspecVariable(key)]);
  if (secret !== undefined) {
    throw new MisplacedSecretError(
      `${kernelspecVariable(secret)} puts a ${secret} into the entry of the kernel, which others can read. Take it out of kernel.json and change the ${secret}; set ${environmentVariable(secret)} where Jupyter is started, or name a file or a command.`,
    );
  }
  const values = readVariables(env, kernelspecVariable);
  return { source: 'kernelspec', values, where: kernelspecVariable };
}

/** An empty variable counts as one that is not set. */
function readVariables(
  env: NodeJS.ProcessEnv,
  variable: (key: SettingKey) => string,
): Partial<SettingValues> {
  const found: [SettingKey, unknown][] = [];
  for (const key of SETTING_KEYS) {
    const text = env[variable(key)];
    if (!text) continue;
    const value = SETTINGS[key].fromText(text);
    if (value === undefined) {
      throw new SettingError(`${variable(key)} must be ${SETTINGS[key].expected}.`);
    }
    found.push([key, normaliseValue(key, value, process.cwd())]);
  }
  return Object.fromEntries(found) as Partial<SettingValues>;
}
