import type { ProcessEnd } from '../types.js';
import { describeEnd } from './child-process.js';

/** Thrown when a session's process ends, or takes too long, before it can be spoken to. */
export class SessionStartError extends Error {
  readonly code = 'SESSION_START';
  override readonly name = 'SessionStartError';

  constructor(
    message: string,
    readonly end?: ProcessEnd,
  ) {
    super(message);
  }

  static from(end: ProcessEnd): SessionStartError {
    const lastLine = end.stderrTail.split('\n').at(-1)?.trim() ?? '';
    const detail = lastLine === '' ? '' : ` It said: ${lastLine}.`;
    return new SessionStartError(
      `A Python session could not be started: its process ${describeEnd(end)}.${detail} Check that the interpreter named by SLIPWAY_PYTHON has ipykernel.`,
      end,
    );
  }

  /** The same failure, with the end of what the process wrote to its standard error. */
  withTail(stderrTail: string): SessionStartError {
    return this.end === undefined ? this : SessionStartError.from({ ...this.end, stderrTail });
  }
}

/** Thrown when a session's process cannot be connected with any more. */
export class SessionUnreachableError extends Error {
  readonly code = 'SESSION_UNREACHABLE';
  override readonly name = 'SessionUnreachableError';
}
