import type { Logger } from 'pino';
import { type Compute, describeEnd, type SessionProcess } from '../../compute/index.js';
import { SessionGoneError } from './errors.js';
import { KernelClient } from './kernel-client.js';

/** Milliseconds that a session has to run its exit handlers before it is killed. */
const SHUTDOWN_GRACE = 2000;

/** A session's process together with the server's client of it. */
export class RunningKernel {
  readonly process: SessionProcess;
  readonly client: KernelClient;
  /** Resolves with the reason, as a sentence for users, when the process is gone. Never rejects. */
  readonly ended: Promise<SessionGoneError>;
  readonly #end: { reason: string | undefined };

  private constructor(
    process: SessionProcess,
    client: KernelClient,
    ended: Promise<SessionGoneError>,
    end: { reason: string | undefined },
  ) {
    this.process = process;
    this.client = client;
    this.ended = ended;
    this.#end = end;
  }

  /**
   * Starts a session process and waits until it takes requests.
   * @throws {SessionStartError} from the compute backend
   * @throws {SessionGoneError} when the process ends before it answers
   */
  static async start(id: string, compute: Compute, log: Logger): Promise<RunningKernel> {
    const process = await compute.startSession(id);
    const end: { reason: string | undefined } = { reason: undefined };
    const ended = process.ended.then(async (how) => {
      const reason = end.reason ?? `The session ended: its Python process ${describeEnd(how)}.`;
      log.info(
        { session: id, status: how.status, signal: how.signal, stderr: how.stderrTail },
        reason,
      );
      await process.terminate();
      return new SessionGoneError(
        reason,
        end.reason === undefined ? 'Create a new one.' : undefined,
      );
    });
    try {
      const client = await KernelClient.connect(process.connection, ended);
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
    const kill = () => this.process.terminate();
    const timer = setTimeout(kill, SHUTDOWN_GRACE);
    // The request fails when the session is gone first, which is what was wanted.
    answered.catch(kill);
    await this.ended;
    clearTimeout(timer);
  }

  /** Ends the session at once. Idempotent. */
  async kill(reason = 'The session was closed.'): Promise<void> {
    this.#end.reason ??= reason;
    await this.process.terminate();
    await this.ended;
  }
}
