import { createHash } from 'node:crypto';
import { appendFileSync, closeSync, fchownSync, openSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Caller } from '../auth/index.js';
import type { ServerConfig } from '../config.js';
import { type LogFile, openLogFile } from '../log-file.js';

/** In the data directory. */
const AUDIT_FILE = 'audit.log';
/** Tokens of an outside issuer that are known to have been noted. */
const KNOWN_TOKENS = 10_000;

/** What somebody has done, or tried to do. It never holds a password, a token, code or content. */
export interface AuditEvent {
  /** Id of the request, also in its answer and in the log; absent for commands. */
  readonly requestId?: string;
  /** Who it was; of a login that failed the name that was said. */
  readonly user?: string | undefined;
  readonly address?: string;
  /** As the Swagger document calls it, or the command. */
  readonly operation: string;
  /** What it was done to: names and ids. */
  readonly subject?: Readonly<Record<string, string>>;
  /** Status of the answer; absent for commands, which are noted when they have succeeded. */
  readonly status?: number;
  /** Code of the error, where it failed. */
  readonly error?: string | undefined;
}

/** Notes every sign-in and every change in a file of its own, one JSON object a line. */
export class AuditLog {
  readonly #file: LogFile;
  readonly #onProblem: (error: unknown) => void;
  readonly #tokens = new Set<string>();
  #isEmpty = true;

  constructor(
    { dataDirectory, audit }: Pick<ServerConfig, 'dataDirectory' | 'audit'>,
    log: Logger,
  ) {
    const options = { path: join(dataDirectory, AUDIT_FILE), ...audit };
    this.#onProblem = (error) => log.error({ err: error }, 'The audit log cannot be written.');
    this.#file = openLogFile(options, this.#onProblem, lossForAudit);
  }

  note(event: AuditEvent): void {
    this.#isEmpty = false;
    this.#file.write(toLine(event));
  }

  /** Notes that a token of an outside issuer has come for the first time, and from where. */
  noteToken(user: string, token: string, caller?: Caller): void {
    const digest = createHash('sha256').update(token).digest('base64');
    if (this.#tokens.has(digest)) return;
    if (this.#tokens.size >= KNOWN_TOKENS) this.#tokens.clear();
    this.#tokens.add(digest);
    const from = caller && { requestId: caller.id, address: caller.ip };
    this.note({ ...from, user, operation: 'login with a token of the issuer' });
  }

  /** Writes what is still in memory. A full disk does not keep the server from stopping. */
  close(): void {
    // A file that is only being opened cannot be flushed.
    if (this.#isEmpty) return;
    try {
      this.#file.flush();
    } catch (error) {
      this.#onProblem(error);
    }
  }
}

/** Thrown when a command has done its work and this could not be noted. */
class AuditWriteError extends Error {
  readonly code = 'AUDIT_WRITE';
  override readonly name = 'AuditWriteError';

  constructor(operation: string, path: string, cause: NodeJS.ErrnoException) {
    super(
      `${operation} has done its work, but ${path} could not be written (${cause.code ?? cause.message}), so that the audit log lacks it. Free its disk or mend its permissions, and note this change yourself.`,
      { cause },
    );
  }
}

/**
 * Notes what a command has done, beside a server that may run on the data directory.
 * @param operation such as `slipway user add`
 * @throws {AuditWriteError}
 */
export function auditCommand(
  dataDirectory: string,
  operation: string,
  subject: Readonly<Record<string, string>> = {},
): void {
  const line = toLine({ user: `${userInfo().username} (command line)`, operation, subject });
  const path = join(dataDirectory, AUDIT_FILE);
  try {
    const file = openSync(path, 'a', 0o600);
    try {
      giveToOwner(file, dataDirectory);
      appendFileSync(file, line);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new AuditWriteError(operation, path, error as NodeJS.ErrnoException);
  }
}

/** Lets the server write a file that a command of root's may just have made. */
function giveToOwner(file: number, dataDirectory: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dataDirectory);
  fchownSync(file, uid, gid);
}

function toLine(event: AuditEvent): string {
  return `${JSON.stringify(dated(event))}\n`;
}

/** Stands in the place of events that a full disk did not take. */
function lossForAudit(events: number): object {
  return dated({ operation: 'events lost', subject: { events: String(events) } });
}

function dated(event: AuditEvent): object {
  return { time: new Date().toISOString(), ...event };
}
