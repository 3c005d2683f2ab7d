/** Completions: what may stand at the cursor, from the kernel's own knowledge and the session's. */
export * from './code-points.js';
export * from './completion.js';
export * from './recent-list.js';
