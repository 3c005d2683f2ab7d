import type { Session, SessionDetails } from '../../src/api/index.js';
import { type MagicContext, MagicError } from '../magic-context.js';
import { didYouMean } from './suggest.js';

/** A session as a list shows it; servers that speak R Server's API alone tell no details. */
export type ListedSession = Session & Partial<Omit<SessionDetails, keyof Session>>;

/** The user's sessions, with what the server tells of them. */
export async function listSessions(context: MagicContext): Promise<ListedSession[]> {
  const { sessions } = await context.client();
  return (await sessions.details()) ?? (await sessions.list());
}

/**
 * The session of that id or name, or the only one whose id begins so.
 * @throws {MagicError} `SessionNotFoundError` when there is none, or more than one.
 */
export async function findSession(context: MagicContext, wanted: string): Promise<ListedSession> {
  const sessions = await listSessions(context);
  const byId = sessions.find(({ id }) => id === wanted);
  if (byId !== undefined) return byId;
  const named = sessions.filter(({ name }) => name === wanted);
  const prefix = wanted.toLowerCase();
  const found = named.length > 0 ? named : sessions.filter(({ id }) => id.startsWith(prefix));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new MagicError('SessionNotFoundError', notFound(wanted, sessions, found));
}

function notFound(wanted: string, sessions: readonly Session[], found: readonly Session[]): string {
  const [first] = found;
  if (first !== undefined) {
    const what = first.name === wanted ? `are called "${wanted}"` : `have an id like "${wanted}"`;
    return `${found.length} sessions ${what}: ${found.map(describe).join(', ')}. Name one by its id, or by as much of it as no other has.`;
  }
  if (sessions.length === 0) {
    return `There is no session "${wanted}": you have none. %session new starts one.`;
  }
  const names = sessions.map(({ name }) => name);
  const hint = didYouMean(wanted, names) || ` Yours: ${sessions.map(describe).join(', ')}.`;
  return `There is no session "${wanted}".${hint}`;
}

function describe({ id, name }: Session): string {
  return `${name} (${shortId(id)})`;
}

/** As much of an id as people read; `%session attach` takes it. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
