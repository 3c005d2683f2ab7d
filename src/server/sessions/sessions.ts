import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { v4 as uuid } from 'uuid';
import type { CreateSessionRequest, Session, SessionDetails } from '../../api/index.js';
import type { Compute, SessionProcess, SurvivingSession } from '../../compute/index.js';
import type { User } from '../auth/index.js';
import type { ServerConfig } from '../config.js';
import { requirePython } from '../runtime.js';
import type { Snapshots } from '../snapshots/index.js';
import {
  SessionGoneError,
  SessionLimitError,
  SessionNotFoundError,
  SessionSilentError,
  SessionUnavailableError,
  ShuttingDownError,
} from './errors.js';
import { LiveSession, type SessionLabel } from './live-session.js';
import { randomSessionName } from './object-names.js';
import { RunningKernel } from './running-kernel.js';
import { copyFiles } from './session-files.js';
import { WarmPool } from './warm-pool.js';
import { warmUp } from './warm-up.js';

/** Milliseconds after which a session that only REST calls have used is closed. */
const IDLE_LIMIT = 24 * 60 * 60 * 1000;

/** Milliseconds from giving a session away to starting the next: a first cell takes less. */
const REFILL_PAUSE = 500;

/** Milliseconds that the start of the server waits for sessions which it takes over. */
const ADOPTION_LIMIT = 5000;

/** Ended sessions whose end can still be told to their owners. */
const MAX_EPITAPHS = 1000;

/** The parts of the server that sessions are made of. */
export interface SessionsParts {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly compute: Compute;
  readonly snapshots: Snapshots;
}

/** A started session process with the id that it will have. */
interface WarmKernel {
  readonly id: string;
  readonly kernel: RunningKernel;
  readonly ended: Promise<unknown>;
  close(): Promise<void>;
}

/** The sessions of all users. */
export class Sessions {
  readonly #parts: SessionsParts;
  readonly #pool: WarmPool<WarmKernel>;
  readonly #live = new Map<string, LiveSession>();
  readonly #gone = new Map<string, { readonly owner: string; readonly error: SessionGoneError }>();
  /** Owners of the sessions that are being taken over and have not answered yet. */
  readonly #silent = new Map<
    string,
    { readonly owner: string; readonly process: SessionProcess }
  >();
  #starting = 0;
  #closed = false;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#pool = new WarmPool({
      size: Math.min(parts.config.warmSessions, parts.config.maxSessions),
      pause: REFILL_PAUSE,
      start: () => this.#startKernel(),
      warmUp: ({ kernel }, isTaken) => warmUp(kernel.client, isTaken),
      onFailure: (error) =>
        parts.log.error({ err: error }, 'A session in reserve could not be got ready.'),
    });
  }

  /** Starts the reserve of sessions, in the background. */
  start(): void {
    this.#pool.fill();
  }

  /**
   * Goes on with the sessions that a server before this one has left running. Resolves when what
   * they sent meanwhile has come, but waits only so long for those that do not answer.
   */
  async adopt(): Promise<void> {
    const survivors = await this.#parts.compute.survivingSessions();
    const adopting = Promise.all(survivors.map((survivor) => this.#adoptOne(survivor)));
    await Promise.race([adopting, delay(ADOPTION_LIMIT, undefined, { ref: false })]);
  }

  /**
   * Creates a session for a user, from a snapshot of theirs when the request names one.
   * @throws {RuntimeUnavailableError} for R, which is also what a request without a runtime gets
   * @throws {SnapshotNotFoundError}
   * @throws {SessionLimitError} when the server runs as many as it may
   * @throws {SessionUnavailableError} when Python cannot be started
   */
  async create(user: User, request: CreateSessionRequest): Promise<LiveSession> {
    const { snapshots } = this.#parts;
    requirePython(request.runtimeType, 'session');
    const snapshot =
      request.snapshotId == null || request.snapshotId === ''
        ? undefined
        : await snapshots.find(user.name, request.snapshotId);
    const { id, kernel } = await this.#takeKernel();
    const label: SessionLabel = {
      name: request.name || randomSessionName(),
      owner: user.name,
      created: new Date().toISOString(),
    };
    try {
      await kernel.process.label({ ...label });
    } catch (error) {
      await kernel.kill();
      throw error;
    }
    const session = this.#enter(id, label, kernel);
    if (snapshot !== undefined) {
      try {
        await session.loadSnapshot(snapshot);
      } catch (error) {
        await session.remove({ force: true });
        throw error;
      }
    }
    return session;
  }

  /**
   * Starts a session with the name, the lease and the files of another, which is ended: a restart,
   * after which variables are fresh.
   * @throws {SessionNotFoundError} {SessionGoneError} {SessionLimitError} {SessionUnavailableError}
   */
  async restart(user: User, id: string): Promise<LiveSession> {
    const before = this.find(user, id);
    const { name, lease } = before.details();
    const session = await this.create(user, { name, runtimeType: 'Python' });
    try {
      await copyFiles(before.files, session.files);
      await session.setLease(lease);
    } catch (error) {
      await session.remove({ force: true });
      throw error;
    }
    await before.remove({ force: true, reason: 'The session was restarted.' });
    return session;
  }

  /** The user's sessions, oldest first. */
  list(user: User): Session[] {
    return this.#of(user).map((session) => session.describe());
  }

  /** The same, with what R Server does not tell. */
  listDetails(user: User): SessionDetails[] {
    return this.#of(user).map((session) => session.details());
  }

  /**
   * @throws {SessionNotFoundError} for an id that never was a session, or is another user's
   * @throws {SessionGoneError} for one that has ended; the message says how
   * @throws {SessionSilentError} for one that has not answered since this server started
   */
  find(user: User, id: string): LiveSession {
    const key = id.toLowerCase();
    if (this.#silent.get(key)?.owner === user.name) throw new SessionSilentError();
    const session = this.#live.get(key);
    if (session?.owner === user.name) return session;
    const gone = this.#gone.get(key);
    if (gone?.owner === user.name) throw new SessionGoneError(gone.error.reason, gone.error.advice);
    throw new SessionNotFoundError(id);
  }

  /** How many sessions may run, are in use, and wait in reserve. */
  pool(): { readonly maxSize: number; readonly active: number; readonly warm: number } {
    return {
      maxSize: this.#parts.config.maxSessions,
      active: this.#live.size + this.#starting,
      warm: this.#pool.size,
    };
  }

  /**
   * Tells all attached kernels that their sessions end with the server: one that only hears of the
   * server's end would start it again, where it is the user's own.
   */
  dismiss(): void {
    for (const session of this.#live.values()) session.dismiss('The server was stopped.');
  }

  /**
   * Ends all sessions, or leaves them to the next server, but for those in reserve. Idempotent.
   */
  async close({ keep }: { keep: boolean }): Promise<void> {
    this.#closed = true;
    if (keep) {
      for (const session of this.#live.values()) session.release();
      for (const { process } of this.#silent.values()) process.release();
      await this.#pool.close();
      return;
    }
    const reason = 'The server is shutting down.';
    await Promise.all([
      this.#pool.close(),
      ...[...this.#live.values()].map((session) => session.remove({ force: true, reason })),
    ]);
  }

  async #adoptOne({ process, label }: SurvivingSession): Promise<void> {
    const { log } = this.#parts;
    try {
      const known = readLabel(label);
      // One in reserve was nobody's yet.
      if (known === undefined) return await process.terminate();
      this.#silent.set(process.id, { owner: known.owner, process });
      const kernel = await RunningKernel.connect(process, log);
      await this.#enter(process.id, known, kernel).begin();
      log.info({ session: process.id }, 'A session of the server before this one goes on.');
    } catch (error) {
      // Whatever is wrong with one session must not keep the server from starting.
      log.warn({ session: process.id, err: error }, 'A session could not be taken over.');
    } finally {
      this.#silent.delete(process.id);
    }
  }

  #enter(id: string, label: SessionLabel, kernel: RunningKernel): LiveSession {
    const { compute, config, log, snapshots } = this.#parts;
    const lease = { afterDetach: config.sessionLease * 1000, idle: IDLE_LIMIT };
    const session = new LiveSession({ id, label, lease, compute, snapshots, log }, kernel);
    kernel.client.setPatience(config.sessionPatience);
    this.#live.set(id, session);
    void session.ended.then((error) => this.#bury(session, error));
    return session;
  }

  #of(user: User): LiveSession[] {
    return [...this.#live.values()].filter((session) => session.owner === user.name);
  }

  async #takeKernel(): Promise<WarmKernel> {
    const limit = this.#parts.config.maxSessions;
    if (this.#live.size + this.#starting >= limit) throw new SessionLimitError(limit);
    this.#starting += 1;
    try {
      return await this.#pool.take();
    } catch (error) {
      if (error instanceof ShuttingDownError) throw error;
      this.#parts.log.error({ err: error }, 'A session could not be started.');
      throw new SessionUnavailableError({ cause: error });
    } finally {
      this.#starting -= 1;
    }
  }

  async #startKernel(): Promise<WarmKernel> {
    if (this.#closed) throw new ShuttingDownError();
    const id = uuid();
    const { compute, log } = this.#parts;
    const process = await compute.startSession(id);
    const kernel = await RunningKernel.connect(process, log);
    await kernel.client.begin();
    return { id, kernel, ended: kernel.ended, close: () => kernel.kill() };
  }

  #bury(session: LiveSession, error: SessionGoneError): void {
    this.#live.delete(session.id);
    this.#gone.set(session.id, { owner: session.owner, error });
    const oldest = this.#gone.keys().next().value;
    if (this.#gone.size > MAX_EPITAPHS && oldest !== undefined) this.#gone.delete(oldest);
  }
}

/** What the session's label says; undefined for one that has none yet. */
function readLabel(label: Readonly<Record<string, unknown>>): SessionLabel | undefined {
  const { name, owner, created, lease } = label;
  if (typeof name !== 'string' || typeof owner !== 'string' || typeof created !== 'string') {
    return undefined;
  }
  return { name, owner, created, ...(typeof lease === 'number' ? { lease } : {}) };
}
