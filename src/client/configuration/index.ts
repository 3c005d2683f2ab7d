/** Where the kernel's settings come from, and how they become a login. */

export { configFilePath, EMBEDDED } from './config-file.js';
export { ConfiguredLogin } from './configured-login.js';
export * from './errors.js';
export { checkAccess, isObject, type JsonFile, readJsonFile } from './json-file.js';
export { kernelspecPlace, type MagicSettings } from './places.js';
export {
  type Configuration,
  DEFAULT_USER,
  resolveConfiguration,
  type SettingOrigin,
} from './resolve.js';
export { readSecretFile } from './secret-file.js';
export {
  AUTH_METHODS,
  type AuthMethod,
  environmentVariable,
  KERNEL_VARIABLES,
  kernelspecVariable,
  SETTING_KEYS,
  SETTINGS,
  type SettingKey,
  SOURCES,
} from './settings.js';
