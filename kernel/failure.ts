import { LinkClosedError, SessionHelperError } from '../src/session/index.js';
import type { ErrorContent } from './frontend.js';
import { MagicError } from './magic-context.js';

/** Thrown in a cell that the user interrupts while the kernel, not the session, is at work. */
export class CellInterruptedError extends Error {
  readonly code = 'CELL_INTERRUPTED';
  override readonly name = 'KeyboardInterrupt';

  constructor() {
    super('The cell was interrupted.');
  }
}

/**
 * Thrown when the session goes idle without an answer to a cell. ipykernel does so when an interrupt
 * comes between the start of the request and that of the code.
 */
export class UnansweredCellError extends Error {
  readonly code = 'UNANSWERED_CELL';
  override readonly name = 'CellNotRun';

  constructor() {
    super(
      'The session gave no answer: the cell was interrupted before it began, or it has broken what the session itself needs, such as a builtin. Run it again; where that does not help, restart the kernel.',
    );
  }
}

/** Thrown when the session has gone on to later requests without an answer to this one. */
export class UnansweredRequestError extends Error {
  readonly code = 'UNANSWERED_REQUEST';
  override readonly name = 'RequestNotAnswered';

  constructor(type: string) {
    super(`The session gave no answer to this ${type}: it could not read what the request holds.`);
  }
}

/** Thrown when a piece of a cell failed in the session, which has shown the error already. */
export class PieceFailedError extends Error {
  readonly code = 'PIECE_FAILED';
  override readonly name = 'PieceFailedError';

  constructor(readonly content: ErrorContent) {
    super(`${content.ename}: ${content.evalue}`);
  }
}

const WHAT_TO_DO = {
  'session-ended': 'The next cell starts a fresh session, without the variables of this one.',
  lost: 'The next cell connects again; what this one still printed or computed may be missing.',
  closed: 'The next cell starts a fresh session.',
} as const;

/** What the user is told about a failure, in the form in which Python's exceptions arrive. */
export function errorContent(error: unknown): ErrorContent {
  if (error instanceof PieceFailedError) return error.content;
  if (error instanceof MagicError || error instanceof SessionHelperError) {
    const { ename, evalue, traceback } = error;
    return traceback.length > 0 ? { ename, evalue, traceback } : plain(ename, evalue);
  }
  if (error instanceof LinkClosedError) {
    const { reason, message, wayBack } = error.end;
    const advice = [message, WHAT_TO_DO[reason], ...(wayBack === undefined ? [] : [wayBack])];
    return plain(reason === 'lost' ? 'ConnectionLost' : 'SessionEnded', advice.join(' '));
  }
  if (error instanceof Error) return plain(error.name, error.message);
  return plain('KernelError', String(error));
}

function plain(ename: string, evalue: string): ErrorContent {
  return { ename, evalue, traceback: [`\u001b[0;31m${ename}\u001b[0m: ${evalue}`] };
}
