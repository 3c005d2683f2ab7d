import type { LinkEnd } from './link.js';

/** WebSocket close codes after which connecting again is of no use. */
const FINAL_CODES: ReadonlySet<number> = new Set([1007, 1009, 4404, 4409, 4410]);

/** Whether a connection that closed with this code may be resumed. */
export function mayResume(code: number): boolean {
  return !FINAL_CODES.has(code);
}

/** What a close code of the server's means for the link. */
export function linkEnd(code: number, reason: string): LinkEnd {
  if (code === 4404 || code === 4410) {
    return { reason: 'session-ended', message: reason || 'The session has ended.' };
  }
  if (code === 1009) {
    return { reason: 'lost', message: 'A message was larger than the server takes (1 GiB).' };
  }
  if (code === 4401) {
    return { reason: 'lost', message: 'The login at the server has ended.' };
  }
  const why = code === 1001 || code === 1012 ? 'The server went away' : 'The connection broke';
  return { reason: 'lost', message: `${why} while the session was in use.` };
}
