/** Thrown when the isolation that was asked for is not possible on this machine. */
export class IsolationUnavailableError extends Error {
  readonly code = 'ISOLATION_UNAVAILABLE';
  override readonly name = 'IsolationUnavailableError';
}

/** Thrown when each account for sessions and services is in use. */
export class NoFreeAccountError extends Error {
  readonly code = 'NO_FREE_ACCOUNT';
  override readonly name = 'NoFreeAccountError';

  constructor(count: number) {
    super(
      `All ${count} accounts for sessions and services are in use. Raise isolation.accounts in the configuration of the server.`,
    );
  }
}
