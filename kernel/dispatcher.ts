import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectionInfo, decodeDict } from '../src/jupyter/index.js';
import type { SessionLink } from '../src/session/index.js';
import type { CellQueue } from './cell/queue.js';
import type { MagicCompleter } from './complete.js';
import type { Frontend } from './frontend.js';
import { inspectMagic } from './inspect.js';
import { kernelInfo } from './kernel-info.js';
import { type Deadlines, isAnsweredMeanwhile } from './meanwhile/index.js';
import type { Relay } from './relay.js';
import {
  type ClientRequest,
  isCommMessage,
  type OpenRequest,
  type RequestLog,
} from './requests.js';
import type { SessionKeeper } from './session-keeper.js';
import type { SessionProfile } from './session-profile.js';

/**
 * Milliseconds that `kernel_info` waits for a session that is being started: JupyterLab asks once,
 * and a kernel that does not name its features then has no debugger and no subshells for good.
 */
const INFO_PATIENCE = 5000;

/** What the dispatcher hands requests to. */
export interface DispatcherParts {
  readonly connection: ConnectionInfo;
  readonly frontend: Frontend;
  readonly requests: RequestLog;
  readonly relay: Relay;
  readonly cells: CellQueue;
  readonly completer: MagicCompleter;
  readonly sessions: SessionKeeper;
  readonly deadlines: Deadlines;
  /** What is known of the session of the open link, or of the last one. */
  profile(): SessionProfile | undefined;
  /** Ends the kernel after the answer to this request. */
  shutdown(request: OpenRequest, restart: boolean): void;
  onProblem(error: Error): void;
}

/**
 * Decides for each request of a client who answers it: the kernel itself, the queue of cells, or
 * the session at once.
 */
export class Dispatcher {
  readonly #handlers: Readonly<Record<string, (request: OpenRequest) => void | Promise<void>>> = {
    execute_request: (request) => this.#execute(request),
    inspect_request: (request) => this.#inspect(request),
    complete_request: (request) => this.#complete(request),
    kernel_info_request: (request) => this.#kernelInfo(request),
    connect_request: (request) => this.parts.frontend.serve(request, ports(this.parts.connection)),
    interrupt_request: (request) => this.#interrupt(request),
    shutdown_request: (request) => this.#shutdown(request),
  };

  /** What everybody who has asked for `kernel_info` waits for. */
  #awaitedInfo: Promise<Record<string, unknown> | undefined> | undefined;

  constructor(private readonly parts: DispatcherParts) {}

  dispatch(received: ClientRequest): void {
    const { requests, relay, onProblem } = this.parts;
    const request = requests.add(received);
    const { msg_type: type } = request.header;
    const handler = Object.hasOwn(this.#handlers, type) ? this.#handlers[type] : undefined;
    const handled = handler === undefined ? this.#toSession(request) : handler(request);
    handled?.catch((error: Error) => {
      if (!(error instanceof NoSessionError)) onProblem(error);
      relay.serveWithoutSession(request, error);
    });
  }

  #execute(request: OpenRequest): void | Promise<void> {
    // Cells on a subshell of the client's, or on control, do not wait for those on the main shell.
    if (request.header.subshell_id || request.channel === 'control') {
      return this.#toSession(request);
    }
    this.parts.cells.add(request);
  }

  async #complete(request: OpenRequest): Promise<void> {
    const content = await this.parts.completer.complete(request.message.content);
    if (content === undefined) await this.#toSession(request);
    else this.parts.frontend.serve(request, content);
  }

  async #inspect(request: OpenRequest): Promise<void> {
    const content = await inspectMagic(request.message.content);
    if (content === undefined) await this.#toSession(request);
    else this.parts.frontend.serve(request, content);
  }

  #kernelInfo(request: OpenRequest): void | Promise<void> {
    this.parts.frontend.busy(request);
    const known = this.parts.profile()?.known;
    if (known === undefined) return this.#kernelInfoWhenKnown(request);
    this.parts.frontend.serve(request, kernelInfo(known));
  }

  async #kernelInfoWhenKnown(request: OpenRequest): Promise<void> {
    // All who ask meanwhile are answered together. jupyter_client asks again after a second, and
    // takes the `idle` of a request that it has given up for that of the cell that it sends next.
    this.#awaitedInfo ??= this.#awaitInfo();
    const session = await this.#awaitedInfo;
    const { frontend, sessions } = this.parts;
    frontend.serve(request, kernelInfo(session, sessions.openLink?.python));
  }

  /** What the session says of itself, or undefined when it is late; then nobody waits any more. */
  #awaitInfo(): Promise<Record<string, unknown> | undefined> {
    const patience = new AbortController();
    const info = this.#sessionInfo().finally(() => {
      patience.abort();
      this.#awaitedInfo = undefined;
    });
    const late = delay(INFO_PATIENCE, undefined, { signal: patience.signal });
    return Promise.race([info, late.catch(ignoreAbort)]);
  }

  /** What the session says of itself; undefined when there is none or it fails to say. */
  async #sessionInfo(): Promise<Record<string, unknown> | undefined> {
    const { sessions, profile, onProblem } = this.parts;
    if (sessions.openLink === undefined && !sessions.isOpening) return undefined;
    try {
      await sessions.link();
      return await profile()?.info;
    } catch (error) {
      onProblem(error as Error);
      return undefined;
    }
  }

  async #interrupt(request: OpenRequest): Promise<void> {
    this.parts.cells.interrupt();
    // A session that is still being started has nothing to interrupt.
    if (this.parts.sessions.openLink === undefined) throw new NoSessionError();
    await this.#toSession(request);
  }

  #shutdown(request: OpenRequest): void {
    const { restart } = decodeDict(request.message.content, 'content of a shutdown_request');
    this.parts.shutdown(request, restart === true);
  }

  async #toSession(request: OpenRequest): Promise<void> {
    const { sessions, frontend, relay, deadlines } = this.parts;
    const isAsking = isAnsweredMeanwhile(request);
    let link: SessionLink | undefined = sessions.openLink;
    if (link === undefined) {
      if (!sessions.isOpening) throw new NoSessionError();
      frontend.busy(request);
      if (isAsking) deadlines.watch(request);
      link = await sessions.link();
    } else if (isAsking && this.parts.cells.isRunning) {
      deadlines.watch(request);
    }
    if (!isAsking) {
      // At once: the order in which a client sends is the order in which the session gets it.
      relay.toSession(link, request, request.header.subshell_id ?? this.#subshellFor(request));
      return;
    }
    const subshell = link.isPlain ? undefined : await this.#questionShell();
    // The deadline may have passed, or the session be another, meanwhile.
    if (!request.isAnswered) relay.toSession(sessions.openLink ?? link, request, subshell);
  }

  /**
   * The subshell that the session may use for a message of a comm while a cell runs, when its
   * client has named none. The session has the last word: between cells it is the main shell.
   */
  #subshellFor(request: OpenRequest): string | undefined {
    const isOnShell = request.channel === 'shell' && isCommMessage(request);
    return isOnShell ? this.parts.profile()?.subshell : undefined;
  }

  /**
   * The subshell that the kernel keeps for questions, also while no cell runs: jedi, which completes
   * and inspects, is not made for two threads, and when both begin to use it at once it finds
   * nothing any more for as long as the session lives. Where there is none, the end of the cells.
   */
  async #questionShell(): Promise<string | undefined> {
    const subshell = await this.parts.profile()?.ready;
    if (subshell === undefined) await this.parts.cells.idle;
    return subshell;
  }
}

/** Thrown when a request needs a session and there is none; only cells start one. */
export class NoSessionError extends Error {
  readonly code = 'NO_SESSION';
  override readonly name = 'NoSessionError';

  constructor() {
    super('There is no session. The next cell that runs starts one.');
  }
}

function ports(connection: ConnectionInfo): object {
  const { shell_port, iopub_port, stdin_port, control_port, hb_port } = connection;
  return { status: 'ok', shell_port, iopub_port, stdin_port, control_port, hb_port };
}

function ignoreAbort(error: Error): undefined {
  if (error.name !== 'AbortError') throw error;
  return undefined;
}
