/** Batches: a service called once for each row of a list, without anybody waiting. */
export { BatchDirectory } from './batch-directory.js';
export type { BatchPlace } from './batch-lookup.js';
export { Batches, type BatchProgress } from './batches.js';
export {
  BatchFileNotFoundError,
  BatchNotFoundError,
  BatchRowNotFoundError,
  BatchTooLargeError,
  InvalidBatchError,
  InvalidBatchQueryError,
} from './errors.js';
