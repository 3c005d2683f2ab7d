/** Sessions: Python processes that users run code in, by REST calls and over a channel. */
export { CLOSE_CODES, truncateReason } from './channel-connection.js';
export type { Arrival } from './channel-hub.js';
export {
  BrokenUploadError,
  MissingFileError,
  SessionGoneError,
  SessionNotFoundError,
  SessionSilentError,
  SeveralFilesError,
  UploadTooLargeError,
} from './errors.js';
export type { LiveSession } from './live-session.js';
export { Sessions } from './sessions.js';
export { snapshotContents } from './snapshot-manifest.js';
