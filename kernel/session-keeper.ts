import { hostname } from 'node:os';
import type { AskLogin, MagicSettings, RServerClient } from '../src/client/index.js';
import {
  attachSession,
  type LinkEnd,
  LinkOpenError,
  type MessageListener,
  openSession,
  type SessionLink,
} from '../src/session/index.js';
import { type Attachment, closeOurs, startSuccessor } from './attachment.js';
import type { ExecutionCount } from './cell/execution-count.js';
import { LastSnapshot } from './last-snapshot.js';
import { type CurrentSession, type KernelSessionControl, notSupported } from './magic-context.js';
import type { RestartNote } from './restart-note.js';

/** What the keeper tells the kernel. */
export interface SessionEvents {
  readonly onMessage: MessageListener;
  /** A link has been opened; nothing has been sent over it. */
  onOpen(link: SessionLink): void;
  onEnd(link: SessionLink, end: LinkEnd): void;
}

/** Milliseconds that the kernel gives the server to close the session when it ends itself. */
const CLOSE_LIMIT = 2000;

/** How to get the next attachment. */
type Opening = () => Promise<Attachment>;

/**
 * Owns the kernel's session: starts it, attaches again after the connection was lost, starts a new
 * one after the session has ended, and closes it with the kernel.
 */
export class SessionKeeper implements KernelSessionControl {
  #client: Promise<RServerClient> | undefined;
  #attachment: Attachment | undefined;
  #opening: Promise<Attachment> | undefined;
  /** The attachment whose connection was lost, while its session may still live. */
  #lost: Attachment | undefined;
  #notice: string | undefined;
  readonly #lastSnapshot = new LastSnapshot();
  #isDisposed = false;
  /** Whether the notebook has connected elsewhere: the next kernel will not know of that. */
  #isElsewhere = false;

  /**
   * @param name shown in lists of sessions; the notebook's, where the kernel knows it.
   * @param count where a new session goes on counting cells.
   * @param ask asks the user for a login that is missing or refused.
   * @param restarts where a kernel that restarts leaves word of its session to the next.
   */
  constructor(
    private readonly name: string,
    private readonly count: ExecutionCount,
    private readonly events: SessionEvents,
    private readonly ask: AskLogin,
    private readonly restarts: RestartNote,
  ) {}

  /** The link, if it is open now. */
  get openLink(): SessionLink | undefined {
    return this.#attachment?.link;
  }

  /** The client and the link, while there is a connection: nothing has to be started or found. */
  get connected(): { readonly client: RServerClient; readonly link: SessionLink } | undefined {
    return this.#attachment?.link.isConnected ? this.#attachment : undefined;
  }

  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  /**
   * The link to the session; opens one when there is none.
   * @throws {ClientError} when the server cannot be reached or refuses.
   * @throws {LinkOpenError}
   */
  async link(): Promise<SessionLink> {
    if (this.#attachment !== undefined) return this.#attachment.link;
    try {
      if (this.#opening !== undefined) return (await this.#opening).link;
    } catch (error) {
      // The cell before was asked for the login and gave none; this one may.
      if (!isLoginMissing(error)) throw error;
    }
    return (await this.#open(this.#opening === undefined ? () => this.#reopen() : undefined)).link;
  }

  /** The client of the current server, logged in. */
  client(): Promise<RServerClient> {
    this.#client ??= import('../src/client/index.js')
      .then(({ connectConfigured }) => connectConfigured({ ask: this.ask }))
      .catch((error: unknown) => {
        this.#client = undefined;
        throw error;
      });
    return this.#client;
  }

  /** What the user has to know before the next cell runs; told once. */
  takeNotice(): string | undefined {
    const notice = this.#notice;
    this.#notice = undefined;
    return notice;
  }

  current(): CurrentSession | undefined {
    if (this.#attachment === undefined) return undefined;
    const { client, link, name } = this.#attachment;
    return { id: link.sessionId, name, url: client.url, user: client.username ?? '' };
  }

  async startNew(options: Parameters<KernelSessionControl['startNew']>[0]): Promise<void> {
    const { name = this.name, snapshotId, runtime = 'Python' } = options;
    const snapshot = snapshotId === undefined ? {} : { snapshotId };
    await this.#replace(() => this.#startSession({ name, runtimeType: runtime, ...snapshot }));
  }

  async attach(id: string): Promise<void> {
    if (this.#attachment?.link.sessionId === id) return;
    await this.#replace(async () => {
      const sessions = await (await this.client()).sessions.list();
      const name = sessions.find((session) => session.id === id)?.name ?? id;
      return await this.#attachTo(id, name, false);
    });
  }

  async keep(seconds: number): Promise<void> {
    await this.link();
    const attachment = this.#attachment as Attachment;
    if (attachment.link.isPlain) throw notSupported('A session cannot be kept');
    await attachment.client.sessions.setLease(attachment.link.sessionId, seconds);
    attachment.isOurs = false;
  }

  noteSnapshot(snapshot: { readonly id: string; readonly name: string }): void {
    const session = this.#attachment?.link.sessionId;
    if (session !== undefined) this.#lastSnapshot.note(session, snapshot);
  }

  forgetSnapshot(id: string): void {
    this.#lastSnapshot.forget(id);
  }

  async close(options: { force?: boolean }): Promise<void> {
    const attachment = this.#detach();
    if (attachment === undefined) return;
    await attachment.link.close();
    const { sessions } = attachment.client;
    const id = attachment.link.sessionId;
    await (options.force === true ? sessions.forceClose(id) : sessions.close(id));
  }

  async connect(magic: MagicSettings): Promise<void> {
    const { connectConfigured } = await import('../src/client/index.js');
    const client = await connectConfigured({ magic, ask: this.ask });
    const previous = this.#client;
    try {
      await this.#replace(() => {
        this.#client = Promise.resolve(client);
        return this.#startSession({ name: this.name, runtimeType: 'Python' });
      });
    } catch (error) {
      await client.close();
      throw error;
    }
    this.#isElsewhere = true;
    // One that has not connected has nothing to close, and has told whoever wanted it.
    void previous?.then(
      (last) => last.close(),
      () => undefined,
    );
  }

  /**
   * Closes the session, if this kernel started it. With `restart`, what it had of files and name is
   * kept for the kernel that comes next. Gives up after two seconds.
   */
  async dispose({ restart }: { restart: boolean }): Promise<void> {
    this.#isDisposed = true;
    // A session that is still being opened is closed too; one that could not be opened need not be.
    const closing = this.#opening?.catch(() => undefined) ?? Promise.resolve(this.#attachment);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_LIMIT);
    });
    await Promise.race([closing.then(() => this.#closeLast(restart)), limit]);
    clearTimeout(timer);
  }

  async #open(opening: Opening | undefined): Promise<Attachment> {
    if (opening !== undefined) {
      this.#opening = opening()
        .then((attachment) => this.#take(attachment))
        .finally(() => {
          this.#opening = undefined;
        });
    }
    return await (this.#opening as Promise<Attachment>);
  }

  /** Opens another session in place of the current one, which is closed when that succeeded. */
  async #replace(opening: Opening): Promise<void> {
    // Whoever asked for that opening is told of its failure; here it only must be over.
    await this.#opening?.catch(() => undefined);
    const client = this.#client;
    const previous = this.#attachment;
    this.#attachment = undefined;
    try {
      await this.#open(opening);
    } catch (error) {
      this.#client = client;
      this.#attachment = previous;
      throw error;
    }
    this.#lost = undefined;
    this.#notice = undefined;
    try {
      await closeOurs(previous);
    } catch (error) {
      const reason = (error as Error).message;
      this.#notice = `The session used before could not be closed and lives until its lease ends: ${reason}`;
    }
  }

  async #reopen(): Promise<Attachment> {
    const lost = this.#lost;
    if (lost !== undefined) {
      try {
        const again = await this.#attachTo(lost.link.sessionId, lost.name, lost.isOurs);
        this.#notice = 'Connected again with the same session; its variables are still there.';
        return again;
      } catch (error) {
        if (!(error instanceof LinkOpenError && error.sessionGone)) throw error;
        this.#lost = undefined;
        const wayBack = this.#lastSnapshot.wayBack(lost.link.sessionId);
        this.#notice = freshSession(error.message, wayBack);
      }
    }
    const inherited = lost === undefined ? await this.#inherit() : undefined;
    return inherited ?? (await this.#startSession({ name: this.name, runtimeType: 'Python' }));
  }

  /** The session that the kernel before this one has left; undefined when it is none, or gone. */
  async #inherit(): Promise<Attachment | undefined> {
    const left = await this.restarts.take();
    if (left === undefined) return undefined;
    try {
      return await this.#attachTo(left.session, left.name, true);
    } catch (error) {
      if (error instanceof LinkOpenError && error.sessionGone) return undefined;
      throw error;
    }
  }

  async #startSession(options: {
    name: string;
    runtimeType: 'Python' | 'R';
    snapshotId?: string;
  }): Promise<Attachment> {
    const client = await this.client();
    const link = await openSession(client, {
      ...options,
      clientName: this.#clientName,
      onMessage: this.events.onMessage,
    });
    const executionCount = this.count.next;
    if (executionCount > 1) await link.ask('continue_count', { executionCount });
    return { client, link, name: options.name, isOurs: true };
  }

  async #attachTo(id: string, name: string, isOurs: boolean): Promise<Attachment> {
    const client = await this.client();
    const link = await attachSession(client, id, this.events.onMessage, this.#clientName);
    return { client, link, name, isOurs };
  }

  /** What this kernel is called in lists of sessions. */
  get #clientName(): string {
    return `${this.name} on ${hostname()}`;
  }

  #take(attachment: Attachment): Attachment {
    const { link } = attachment;
    this.#attachment = attachment;
    this.#lost = undefined;
    if (!this.#isDisposed) this.events.onOpen(link);
    void link.ended.then((how) => {
      const wayBack = this.#lastSnapshot.wayBack(link.sessionId);
      const isOver = how.reason === 'session-ended' && wayBack !== undefined;
      const end = isOver ? { ...how, wayBack } : how;
      if (this.#attachment === attachment) {
        this.#attachment = undefined;
        if (end.reason === 'lost') this.#lost = attachment;
        else if (end.reason === 'session-ended') {
          this.#notice = freshSession(end.message, wayBack);
        }
      }
      this.events.onEnd(link, end);
    });
    return attachment;
  }

  #detach(): Attachment | undefined {
    const attachment = this.#attachment ?? this.#lost;
    this.#attachment = undefined;
    this.#lost = undefined;
    return attachment;
  }

  async #closeLast(restart: boolean): Promise<void> {
    const last = this.#detach();
    try {
      if (restart && last !== undefined && !this.#isElsewhere) {
        const session = await startSuccessor(last, this.name);
        if (session !== undefined) {
          await this.restarts.leave({ session, name: last.name });
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
}

/** Told by the codes: the client is not loaded before it is needed. */
function isLoginMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'MISSING_CREDENTIALS' || code === 'LOGIN_FAILED';
}

function freshSession(what: string, wayBack: string | undefined): string {
  const reason = what.replace(/\.$/, '');
  const fresh = `${reason}; this cell runs in a fresh session, without the variables of the old one.`;
  return wayBack === undefined ? fresh : `${fresh} ${wayBack}`;
}
