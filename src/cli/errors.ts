/** Thrown when a command cannot do what it was asked; the message is for the user. */
export class CommandError extends Error {
  readonly code = 'COMMAND';
  override readonly name = 'CommandError';
}

/** Thrown when there is no interpreter for sessions, or the chosen one cannot carry them. */
export class InterpreterError extends Error {
  readonly code = 'INTERPRETER';
  override readonly name = 'InterpreterError';
}

/** Exit codes that scripts and the kernel tell apart; any other failure is 1. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  DATA_DIRECTORY_IN_USE: 3,
  PORT_IN_USE: 4,
};

/** What to print for an error, and the exit code. A defect of our own shows its stack. */
export function describeFailure(error: unknown): { text: string; exitCode: number } {
  if (!(error instanceof Error)) {
    return { text: String(error), exitCode: 1 };
  }
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') {
    return { text: error.stack ?? error.message, exitCode: 1 };
  }
  return { text: error.message, exitCode: EXIT_CODES[code] ?? 1 };
}
