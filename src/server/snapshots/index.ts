/** Snapshots of sessions: kept, listed, downloaded, built as directories. */
export type { SnapshotRecord } from '../store/index.js';
export { InvalidSnapshotError, SnapshotNotFoundError } from './errors.js';
export { type MaterialisedSnapshot, Snapshots } from './snapshots.js';
export type { ZipDownload } from './zip.js';
