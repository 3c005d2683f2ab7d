/** The typed client of R Server: login, token renewal, every route, one error class per cause. */
export { type BatchId, type BatchProgress, type BatchResults, BatchRoutes } from './batches.js';
export * from './configuration/index.js';
export * from './connect.js';
export * from './embedded/index.js';
export * from './errors.js';
export type { AskLogin, ConfirmationQuestion, LoginQuestion } from './login-question.js';
export type { DeviceCode } from './openid/index.js';
export * from './r-server-client.js';
export { ServiceRoutes } from './services.js';
export { SessionRoutes } from './sessions.js';
export { SnapshotRoutes } from './snapshots.js';
export { didYouMean, nearest } from './suggest.js';
export type { Credentials } from './tokens.js';
export { normaliseServerUrl, type RequestBody } from './transport.js';
