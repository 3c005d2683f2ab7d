/** Keeps sessions and services to what is theirs. */
export { Enclosure, type Launch } from './enclosure.js';
export { IsolationUnavailableError, NoFreeAccountError } from './errors.js';
export { Isolation } from './isolation.js';
export type { IsolationKind, IsolationReport, IsolationSettings, Needs } from './types.js';
