import { hostname } from 'node:os';
import type { RServerClient } from '../src/client/index.js';
import {
  attachSession,
  LinkOpenError,
  type MessageListener,
  openSession,
} from '../src/session/index.js';
import { type Attachment, closeOurs } from './attachment.js';
import type { ExecutionCount } from './cell/execution-count.js';
import type { Inheritance } from './restart-note.js';

/** Starts sessions for a kernel, and attaches it to those that are there. */
export class SessionOpener {
  /**
   * @param name of a session that is given no other.
   * @param count where a new session goes on counting cells.
   */
  constructor(
    private readonly name: string,
    private readonly count: ExecutionCount,
    private readonly onMessage: MessageListener,
  ) {}

  /**
   * Starts a session. When it does not get as far as to run cells, it is closed again.
   * @throws {ClientError} when the server cannot be reached or refuses.
   * @throws {LinkOpenError}
   * @throws {LinkClosedError} when the session ends at once.
   */
  async start(
    client: RServerClient,
    options: { name?: string; runtimeType?: 'Python' | 'R'; snapshotId?: string } = {},
  ): Promise<Attachment> {
    const { name = this.name, ...rest } = options;
    const { onMessage } = this;
    const clientName = this.#clientName;
    const link = await openSession(client, { name, ...rest, clientName, onMessage });
    const attachment = { client, link, name, isOurs: true };
    try {
      const executionCount = this.count.next;
      if (executionCount > 1) await link.ask('continue_count', { executionCount });
    } catch (error) {
      const { ClientError } = await import('../src/client/index.js');
      await closeOurs(attachment).catch((failure: unknown) => {
        // Why the session cannot be used is what the user has to know; its lease ends it.
        if (!(failure instanceof ClientError)) throw failure;
      });
      throw error;
    }
    return attachment;
  }

  /**
   * Attaches to a session that is already there.
   * @throws {ClientError}
   * @throws {LinkOpenError} whose `sessionGone` tells whether there is such a session.
   */
  async attach(
    client: RServerClient,
    { id, name, isOurs }: { id: string; name: string; isOurs: boolean },
  ): Promise<Attachment> {
    const link = await attachSession(client, id, this.onMessage, this.#clientName);
    return { client, link, name, isOurs };
  }

  /**
   * Attaches to the session that the kernel before this one has left; undefined when it is gone.
   * @throws as `attach` does.
   */
  async inherit(client: RServerClient, left: Inheritance): Promise<Attachment | undefined> {
    try {
      return await this.attach(client, { id: left.session, name: left.name, isOurs: true });
    } catch (error) {
      if (error instanceof LinkOpenError && error.sessionGone) return undefined;
      throw error;
    }
  }

  /** What the kernel is called in lists of sessions. */
  get #clientName(): string {
    return `${this.name} on ${hostname()}`;
  }
}
