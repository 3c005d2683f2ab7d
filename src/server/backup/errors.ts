/** Thrown when a backup cannot be made or cannot be trusted; the message says what to do. */
export class BackupError extends Error {
  readonly code = 'BACKUP';
  override readonly name = 'BackupError';
}
