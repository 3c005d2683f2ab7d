/** Where the settings of a server come from: options, environment, configuration file, defaults. */

export { settingsTable } from './documentation.js';
export { ServerSettingError } from './errors.js';
export { SOURCES } from './given.js';
export { resolveSettings, type ServerSettings, type SettingOptions } from './resolve.js';
