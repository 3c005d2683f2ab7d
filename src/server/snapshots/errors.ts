import { ApiError } from '../errors.js';

/** Thrown for a snapshot that does not exist or belongs to someone else: callers cannot tell. */
export class SnapshotNotFoundError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'SNAPSHOT_NOT_FOUND';
  override readonly name = 'SnapshotNotFoundError';

  constructor(id: string) {
    super(`You have no snapshot ${JSON.stringify(id.slice(0, 100))}. GET /snapshots lists yours.`);
  }
}

/** Thrown when a session handed over a directory that is not a snapshot: its code has seen to that. */
export class InvalidSnapshotError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'INVALID_SNAPSHOT';
  override readonly name = 'InvalidSnapshotError';
}
