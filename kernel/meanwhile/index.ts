/** Answers of the kernel's own, for when the session is busy, late or not there. */
export { completeFromNames } from './complete.js';
export * from './deadlines.js';
export * from './knowledge.js';
export * from './known-names.js';
export * from './open-comms.js';
