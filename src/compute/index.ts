/** Where Python runs: an interface, and the backend that starts child processes. */
export * from './local/index.js';
export * from './types.js';
