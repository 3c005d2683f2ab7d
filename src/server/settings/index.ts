/** The settings of a server as a table. It loads nothing of the server itself. */

export { CONFIG_DEFAULTS } from '../config.js';
export type { Kind } from './kinds.js';
export {
  type AnyTable,
  member,
  type NamedSetting,
  Setting,
  settingsOf,
  variableOf,
} from './setting.js';
export { SETTINGS, type SettableConfig } from './table.js';
