import type { LinkEnd } from './link.js';

/** Thrown when something is sent over, or waits for, a link that has ended. */
export class LinkClosedError extends Error {
  readonly code = 'LINK_CLOSED';
  override readonly name = 'LinkClosedError';

  constructor(readonly end: LinkEnd) {
    super(end.message);
  }
}

/** Thrown when no link to a session can be opened; the session may be there all the same. */
export class LinkOpenError extends Error {
  readonly code = 'LINK_OPEN';
  override readonly name = 'LinkOpenError';

  constructor(
    message: string,
    /** HTTP status or WebSocket close code with which the server refused, where it did. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the session itself is gone, so that trying again is of no use. */
  get sessionGone(): boolean {
    return [404, 410, 4404, 4410].includes(this.status ?? 0);
  }
}

/** Thrown when the session's helper fails at what it was asked; carries the exception of Python. */
export class SessionHelperError extends Error {
  readonly code = 'SESSION_HELPER';
  override readonly name = 'SessionHelperError';

  constructor(
    readonly ename: string,
    readonly evalue: string,
    readonly traceback: readonly string[],
  ) {
    super(`${ename}: ${evalue}`);
  }
}
