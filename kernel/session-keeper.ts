import type { AskLogin, MagicSettings, RServerClient } from '../src/client/index.js';
import {
  type LinkEnd,
  LinkOpenError,
  type MessageListener,
  type SessionLink,
} from '../src/session/index.js';
import { type Attachment, closeOurs } from './attachment.js';
import type { ExecutionCount } from './cell/execution-count.js';
import { CellInterruptedError } from './failure.js';
import { LastSnapshot } from './last-snapshot.js';
import { type CurrentSession, type KernelSessionControl, notSupported } from './magic-context.js';
import type { RestartNote } from './restart-note.js';
import { endInTime, endSession } from './session-end.js';
import { SessionOpener } from './session-opener.js';

/** What the keeper tells the kernel. */
export interface SessionEvents {
  readonly onMessage: MessageListener;
  /** A link has been opened; nothing has been sent over it. */
  onOpen(link: SessionLink): void;
  onEnd(link: SessionLink, end: LinkEnd): void;
}

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
  readonly #opener: SessionOpener;
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
    count: ExecutionCount,
    private readonly events: SessionEvents,
    private readonly ask: AskLogin,
    private readonly restarts: RestartNote,
  ) {
    this.#opener = new SessionOpener(name, count, events.onMessage);
  }

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
      // The cell before was asked for the login and gave none, or was interrupted; this one was not.
      if (!isLoginMissing(error) && !(error instanceof CellInterruptedError)) throw error;
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

  async startNew(...[options, signal]: Parameters<KernelSessionControl['startNew']>) {
    const { name = this.name, snapshotId, runtime = 'Python' } = options;
    const snapshot = snapshotId === undefined ? {} : { snapshotId };
    const opening = async () =>
      this.#opener.start(await this.client(), { name, runtimeType: runtime, ...snapshot });
    await this.#replace(opening, signal);
  }

  async attach(id: string, signal: AbortSignal): Promise<void> {
    if (this.#attachment?.link.sessionId === id) return;
    await this.#replace(async () => {
      const client = await this.client();
      const sessions = await client.sessions.list();
      const name = sessions.find((session) => session.id === id)?.name ?? id;
      return await this.#opener.attach(client, { id, name, isOurs: false });
    }, signal);
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

  async connect(magic: MagicSettings, signal: AbortSignal): Promise<void> {
    const { connectConfigured } = await import('../src/client/index.js');
    const client = await connectConfigured({ magic, ask: this.ask });
    const previous = this.#client;
    try {
      await this.#replace(() => this.#opener.start(client), signal);
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
   * kept for the kernel that comes next.
   * @throws {SessionEndTimeoutError}
   */
  async dispose({ restart }: { restart: boolean }): Promise<void> {
    this.#isDisposed = true;
    // A session that is still being opened is closed too; one that could not be opened need not be.
    const opened = this.#opening?.catch(() => undefined) ?? Promise.resolve();
    const ended = opened.then(() => {
      const isFollowed = restart && !this.#isElsewhere;
      const heir = isFollowed ? { usualName: this.name, note: this.restarts } : undefined;
      return endSession(this.#detach(), heir);
    });
    await endInTime(ended, restart);
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

  /**
   * Opens another session in place of the current one, which is closed when that succeeded. Until
   * then the current one stays in use: its end is noticed, and an interrupt leaves it as it is.
   * @throws {CellInterruptedError} when the cell was interrupted before the other session was there.
   */
  async #replace(opening: Opening, signal: AbortSignal): Promise<void> {
    // Whoever asked for that opening is told of its failure; here it only must be over.
    while (this.#opening !== undefined) await this.#opening.catch(() => undefined);
    let previous: Attachment | undefined;
    await this.#open(async () => {
      if (signal.aborted) throw new CellInterruptedError();
      const attachment = await opening();
      if (signal.aborted || this.#isDisposed) {
        await this.#leave(attachment, 'The session that was interrupted');
        throw new CellInterruptedError();
      }
      // One whose connection was lost is left to its lease: its server may not answer for long.
      previous = this.#attachment;
      return attachment;
    });
    this.#notice = undefined;
    await this.#leave(previous, 'The session used before');
  }

  /** Closes a session of ours that is not used any more. Where that fails, the next cell says so. */
  async #leave(attachment: Attachment | undefined, what: string): Promise<void> {
    await closeOurs(attachment).catch((error: Error) => {
      this.#notice = `${what} could not be closed and lives until its lease ends: ${error.message}`;
    });
  }

  async #reopen(): Promise<Attachment> {
    const lost = this.#lost;
    if (lost !== undefined) {
      try {
        const { name, isOurs } = lost;
        const known = { id: lost.link.sessionId, name, isOurs };
        const again = await this.#opener.attach(await this.client(), known);
        this.#notice = 'Connected again with the same session; its variables are still there.';
        return again;
      } catch (error) {
        if (!(error instanceof LinkOpenError && error.sessionGone)) throw error;
        this.#lost = undefined;
        const wayBack = this.#lastSnapshot.wayBack(lost.link.sessionId);
        this.#notice = freshSession(error.message, wayBack);
      }
    }
    const client = await this.client();
    // Read once there is a client: a note is read once, and a login may fail.
    const left = lost === undefined ? await this.restarts.take() : undefined;
    const inherited = left && (await this.#opener.inherit(client, left));
    return inherited ?? (await this.#opener.start(client));
  }

  #take(attachment: Attachment): Attachment {
    const { client, link } = attachment;
    this.#client = Promise.resolve(client);
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
