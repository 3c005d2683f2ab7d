import type { RServerClient } from '../client/index.js';
import { LinkOpenError } from './errors.js';
import type { MessageListener, SessionLink } from './link.js';

/**
 * How a server refuses a WebSocket that does not have such a route, or that gets no WebSockets
 * through its proxy. Ours tells of a session that is gone by a close code, so that no other call
 * is needed to know what a server can do.
 */
const NO_CHANNEL: ReadonlySet<number> = new Set([404, 405, 426, 501]);

/** Which session to use and who gets its messages. */
export interface OpenSessionOptions {
  readonly onMessage: MessageListener;
  /** Shown in lists of sessions. */
  readonly name?: string;
  readonly snapshotId?: string;
  readonly runtimeType?: 'Python' | 'R';
  /** What this client is called in lists of sessions: `iris on laptop`. */
  readonly clientName?: string;
}

/**
 * Starts a session and attaches to it. When attaching fails the session is closed again.
 * @throws {ClientError} of the client when the session cannot be created.
 * @throws {LinkOpenError} when its channel cannot be opened.
 */
export async function openSession(
  client: RServerClient,
  options: OpenSessionOptions,
): Promise<SessionLink> {
  const { onMessage, name, snapshotId, runtimeType = 'Python', clientName } = options;
  const sessionId = await client.sessions.create({
    runtimeType,
    ...(name === undefined ? {} : { name }),
    ...(snapshotId === undefined ? {} : { snapshotId }),
  });
  try {
    return await attachSession(client, sessionId, onMessage, clientName);
  } catch (error) {
    const { ClientError } = await import('../client/index.js');
    await client.sessions.forceClose(sessionId).catch((failure: unknown) => {
      // What kept us from attaching is what the user has to know; the lease ends the session.
      if (!(failure instanceof ClientError)) throw failure;
    });
    throw error;
  }
}

/**
 * Attaches to a session that is already there.
 * On a server that has only R Server's routes, by these.
 * @throws {LinkOpenError} whose `sessionGone` tells whether there is such a session.
 */
export async function attachSession(
  client: RServerClient,
  sessionId: string,
  onMessage: MessageListener,
  clientName?: string,
): Promise<SessionLink> {
  // Loaded on first use: a starting kernel binds its sockets before it needs a WebSocket.
  const { openChannel } = await import('./channel.js');
  const open = () =>
    openChannel({
      baseUrl: () => client.url,
      findServer: async () => {
        await client.status();
      },
      sessionId,
      onMessage,
      ...(clientName === undefined ? {} : { client: clientName }),
      ca: client.ca,
      accessToken: (refused) =>
        refused === undefined ? client.accessToken() : client.replaceToken(refused),
    });
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof LinkOpenError)) throw error;
    if (NO_CHANNEL.has(error.status ?? 0)) {
      const { openRest } = await import('./rest.js');
      return await openRest({ client, sessionId, onMessage });
    }
    if (error.status !== undefined) throw error;
    // Nothing answered. An embedded server may have ended or moved: any call finds or starts it,
    // and for every other server says what is wrong.
    await client.status();
    return await open();
  }
}
