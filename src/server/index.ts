/** The bundled server: the R Server REST API over sessions and services in Python. */

export { lastStop } from './announcement.js';
export { ADMIN, ROLES } from './auth/index.js';
export { backUp, restore } from './backup/index.js';
export { type ApiLevel, CONFIG_DEFAULTS, DEFAULT_PORT, type ServerConfig } from './config.js';
export {
  DataDirectoryInUseError,
  isDataDirectoryInUse,
  waitUntilUnused,
} from './data-directory.js';
export { rotateKey } from './key-rotation.js';
export { PortInUseError } from './listening.js';
export type { SlipwayServer } from './running-server.js';
export { createServer } from './server.js';
export type { Role } from './store/index.js';
export { type AccountSummary, type Holdings, UserManagement } from './user-management.js';
