import type { JsonValue } from '../src/api/index.js';
import type { MagicSettings, RServerClient } from '../src/client/index.js';
import type { SessionLink } from '../src/session/index.js';

/** One result in several forms, by MIME type; each client takes the richest that it can show. */
export interface MimeBundle {
  readonly [mimeType: string]: JsonValue;
}

/** A magic of ours as the splitter found it in a cell. */
export interface MagicInvocation {
  /** Without the `%`: `consume`. */
  readonly name: string;
  /** What follows the name on its line, trimmed. */
  readonly args: string;
  /** The lines below a cell magic (`%%publish`); absent for a line magic. */
  readonly body?: string;
  /** The name that takes the result (`x = %consume …`). */
  readonly assignTo?: string;
  /** The line of the cell that it stands on, counted from 1. */
  readonly line: number;
}

/** The session that the kernel is attached to, as `%session` shows it. */
export interface CurrentSession {
  readonly id: string;
  readonly name: string;
  /** Base URL of its server. */
  readonly url: string;
  readonly user: string;
}

/**
 * Changes which session runs the cells of this kernel. A change that the user interrupts leaves
 * the session as it is.
 */
export interface KernelSessionControl {
  /** Undefined before the first connection and after the session has ended. */
  current(): CurrentSession | undefined;
  /** Starts a session and attaches to it; the one before is closed. */
  startNew(
    options: { name?: string; snapshotId?: string; runtime?: 'Python' | 'R' },
    signal: AbortSignal,
  ): Promise<void>;
  /** Attaches to a session that is already there; the kernel then does not close it at its end. */
  attach(id: string, signal: AbortSignal): Promise<void>;
  /**
   * Keeps the current session for so many seconds after nobody uses it any more; the kernel then
   * does not close it at its end.
   * @throws {NotFoundError} from a server without leases that can be set.
   */
  keep(seconds: number): Promise<void>;
  /** What the current session was saved as or begun from: told when the session is lost. */
  noteSnapshot(snapshot: { readonly id: string; readonly name: string }): void;
  /** Says that a snapshot is there no more. */
  forgetSnapshot(id: string): void;
  /** Closes the current session; the next cell starts a new one. */
  close(options: { force?: boolean }): Promise<void>;
  /**
   * Logs in to a server and starts a session there. What it was not told comes from the
   * configuration; where that has no login, the user is asked.
   */
  connect(settings: MagicSettings, signal: AbortSignal): Promise<void>;
}

/** What a magic may use of the kernel while it runs. */
export interface MagicContext {
  /** The link to the current session; connects, or starts a session, when there is none. */
  readonly link: () => Promise<SessionLink>;
  /** The client of the current server; finds or starts the embedded one when none is set. */
  readonly client: () => Promise<RServerClient>;
  readonly session: KernelSessionControl;
  /** Shows a result below the cell; with `update`, replaces the one of the same `displayId`. */
  display(bundle: MimeBundle, options?: { displayId?: string; update?: boolean }): void;
  stream(name: 'stdout' | 'stderr', text: string): void;
  /**
   * Asks the user, in the notebook.
   * @throws {MagicError} when the client does not take input, or on interrupt.
   */
  input(prompt: string, password: boolean): Promise<string>;
  /** Aborts when the user interrupts the cell. */
  readonly signal: AbortSignal;
  readonly execution: { readonly silent: boolean; readonly allowStdin: boolean };
}

/** Thrown by a magic that fails; the cell fails with it as it would with a Python exception. */
export class MagicError extends Error {
  readonly code = 'MAGIC';
  override readonly name = 'MagicError';

  /**
   * @param ename the kind of failure, as Python names exceptions: `UsageError`.
   * @param evalue one sentence: what happened and what to do.
   * @param traceback lines that the client shows; a single line of both when absent.
   */
  constructor(
    readonly ename: string,
    readonly evalue: string,
    readonly traceback: readonly string[] = [`${ename}: ${evalue}`],
    options?: ErrorOptions,
  ) {
    super(`${ename}: ${evalue}`, options);
  }
}

/** The error of a magic for what R Server's API has no way to do. @param what begins a sentence. */
export function notSupported(what: string): MagicError {
  return new MagicError(
    'NotSupportedByServerError',
    `${what}: this server has the API of R Server 9.1, which has no way to do it.`,
  );
}
