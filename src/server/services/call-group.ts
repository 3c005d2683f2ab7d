/**
 * Calls that belong together and that nobody waits for one by one: the rows of a batch. They run
 * when no other call of the service waits, and are cancelled together.
 */
export class CallGroup {
  /** Set by the pool when the group is cancelled. */
  isCancelled = false;
}

/** Thrown for a call whose group was cancelled. */
export class CallCancelledError extends Error {
  readonly code = 'CALL_CANCELLED';
  override readonly name = 'CallCancelledError';

  constructor() {
    super('The call was cancelled together with its batch.');
  }
}
