import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { SETTINGS, type SettingKey, splitCommand } from './settings.js';

/**
 * A value as the rest of the program has it: paths absolute, a command as a list. Undefined when
 * the command cannot be split, or the authority is none.
 * @param base folder from which relative paths are meant
 */
export function normaliseValue(key: SettingKey, value: unknown, base: string): unknown {
  if (SETTINGS[key].isPath) return absolutePath(String(value), base);
  if (key === 'credentialCommand' && typeof value === 'string') return splitCommand(value);
  if (key === 'authority') return SETTINGS.authority.fromText(String(value));
  return value;
}

function absolutePath(path: string, base: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(base, path);
}
