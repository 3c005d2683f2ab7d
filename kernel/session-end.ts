import { type Attachment, closeOurs, hasOthers } from './attachment.js';
import type { RestartNote } from './restart-note.js';

/** Milliseconds that a kernel which ends gives the server to close the session. */
const END_LIMIT = 2000;

/**
 * The same for a restart, where the server copies files into a fresh session. Jupyter kills a
 * kernel that has not ended five seconds after it was asked to.
 */
const RESTART_LIMIT = 4500;

/** Thrown when the server takes too long to end the session of a kernel that ends. */
export class SessionEndTimeoutError extends Error {
  readonly code = 'SESSION_END_TIMEOUT';
  override readonly name = 'SessionEndTimeoutError';

  constructor(limit: number, isRestart: boolean) {
    const lost = isRestart ? ' The next kernel may begin without the files of this session.' : '';
    super(`The server was not done within ${limit / 1000} s.${lost}`);
  }
}

/** Who gets what a session leaves. */
export interface Heir {
  /** What the next kernel calls a session of its own. */
  readonly usualName: string;
  readonly note: RestartNote;
}

/**
 * Ends the last session of a kernel, if it is the kernel's own. With an heir, a fresh session takes
 * over what the last one had of files and name, and a note tells the next kernel of it.
 */
export async function endSession(
  last: Attachment | undefined,
  heir: Heir | undefined,
): Promise<void> {
  try {
    if (last !== undefined && heir !== undefined) {
      const session = await startSuccessor(last, heir.usualName);
      if (session !== undefined) {
        await heir.note.leave({ session, name: last.name });
        return await last.link.close();
      }
    }
  } catch (error) {
    await closeOurs(last);
    throw error;
  }
  // With the user's own server its sessions are gone; a call would start another server.
  if (last?.client.embedded === true && !last.link.isConnected) await last.link.close();
  else await closeOurs(last);
}

/**
 * Waits for the end of a session, but no longer than Jupyter waits for that of the kernel.
 * @throws {SessionEndTimeoutError}
 */
export async function endInTime(ended: Promise<void>, isRestart: boolean): Promise<void> {
  const limit = isRestart ? RESTART_LIMIT : END_LIMIT;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new SessionEndTimeoutError(limit, isRestart)), limit);
  try {
    await Promise.race([ended, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Has the server end a session that is ours and start a fresh one with its files and name.
 * @param usualName what the next kernel calls a session of its own.
 * @returns the id of the fresh one; undefined, with nothing done, where that is of no use.
 */
async function startSuccessor(
  attachment: Attachment,
  usualName: string,
): Promise<string | undefined> {
  const { client, link, name, isOurs } = attachment;
  if (!isOurs || link.isPlain || !link.isConnected) return undefined;
  if (await hasOthers(attachment)) return undefined;
  const files = await client.sessions.listFiles(link.sessionId);
  if (files.length === 0 && name === usualName) return undefined;
  return client.sessions.restart(link.sessionId);
}
