/** Copies of a data directory, made while a server runs on it, and put back. */

export { type BackupReport, backUp } from './backup.js';
export { BackupError } from './errors.js';
export { type RestoreReport, restore } from './restore.js';
