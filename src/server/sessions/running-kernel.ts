import type { Logger } from 'pino';
import { describeEnd, type SessionProcess } from '../../compute/index.js';
import { ApiError } from '../errors.js';
import { SessionGoneError, ShuttingDownError } from './errors.js';
import { KernelClient } from './kernel-client.js';

/** Milliseconds that a session has to run its exit handlers before it is killed. */
const SHUTDOWN_GRACE = 2000;

/** What has to be known when a session ends. */
interface End {
  /** Why the server ended it; undefined when it ended by itself. */
  reason: string | undefined;
  client: KernelClient | undefined;
  /** Whether it has begun: the folders of the session may be gone already. */
  hasBegun: boolean;
}

/** A session's process together with the server's client of it. */
export class RunningKernel {
  readonly process: SessionProcess;
  readonly client: KernelClient;
  /** Resolves with the reason, as a sentence for users, when the process is gone. Never rejects. */
  readonly ended: Promise<SessionGoneError>;
  readonly #end: End;

  private constructor(
    process: SessionProcess,
    client: KernelClient,
    ended: Promise<SessionGoneError>,
    end: End,
  ) {
    this.process = process;
    this.client = client;
    this.ended = ended;
    this.#end = end;
  }

  /**
   * Connects to a session's process, started now or by a server before this one. Its messages come
   * when the client is told to begin.
   * @throws {SessionGoneError} when the process ends before it answers
   */
  static async connect(process: SessionProcess, log: Logger): Promise<RunningKernel> {
    const end: End = { reason: undefined, client: undefined, hasBegun: false };
    const ended = process.ended.then(async (how) => {
      end.hasBegun = true;
      await end.client?.drained();
      const reason = end.reason ?? `The session ended: its Python process ${describeEnd(how)}.`;
      log.info(
        { session: process.id, status: how.status, signal: how.signal, stderr: how.stderrTail },
        reason,
      );
      await process.terminate().catch((error: unknown) => {
        log.error({ session: process.id, err: error }, 'What a session left cannot be removed.');
      });
      return new SessionGoneError(
        reason,
        end.reason === undefined ? 'Create a new one.' : undefined,
      );
    });
    try {
      const client = await KernelClient.connect(process, ended);
      end.client = client;
      return new RunningKernel(process, client, ended, end);
    } catch (error) {
      await process.terminate();
      throw error;
    }
  }

  /**
   * Lets the session run its exit handlers for a moment and ends it. Idempotent.
   * @param reason what its users are told
   */
  async close(reason = 'The session was closed.'): Promise<void> {
    this.#end.reason ??= reason;
    const answered = this.client.request('control', 'shutdown_request', { restart: false });
    const kill = () => this.#terminate();
    const timer = setTimeout(kill, SHUTDOWN_GRACE);
    // The request fails when the session is gone first, which is what was wanted.
    answered.catch(kill);
    await this.ended;
    clearTimeout(timer);
  }

  /** Ends the session at once. Idempotent. */
  async kill(reason = 'The session was closed.'): Promise<void> {
    this.#end.reason ??= reason;
    this.#terminate();
    await this.ended;
  }

  /**
   * Does something with the session's process or its folders.
   * @throws {SessionGoneError} where it fails because they are being removed meanwhile
   */
  async whileThere<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof ApiError || !this.#end.hasBegun) throw error;
      throw await this.ended;
    }
  }

  #terminate(): void {
    this.#end.hasBegun = true;
    // Nobody waits for it: `ended` comes after it, and tells of its failure.
    this.process.terminate().catch(() => undefined);
  }

  /** Lets go of the session, which lives on for the next server. */
  release(): void {
    this.client.close(new ShuttingDownError());
    this.process.release();
  }
}
