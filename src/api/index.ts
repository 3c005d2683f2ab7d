/** The R Server API as schemas, written once: the server validates with them, the client is typed by them. */
export * from './auth.js';
export * from './batches.js';
export * from './common.js';
export * from './openid.js';
export * from './service-pools.js';
export * from './services.js';
export * from './session-details.js';
export * from './sessions.js';
export * from './snapshots.js';
export * from './status.js';
