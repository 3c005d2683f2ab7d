import { LinkClosedError, type SessionLink } from '../../src/session/index.js';
import { errorContent } from '../failure.js';
import type { Frontend } from '../frontend.js';
import type { InputDesk } from '../input.js';
import type { LoginDesk } from '../login-desk.js';
import { magicNames } from '../magics/index.js';
import type { KnownNames } from '../meanwhile/index.js';
import type { OwnRequests } from '../own-requests.js';
import type { Relay } from '../relay.js';
import type { OpenRequest, SessionReply } from '../requests.js';
import type { SessionKeeper } from '../session-keeper.js';
import { type ExecuteOptions, readExecuteRequest } from './execute-request.js';
import type { ExecutionCount } from './execution-count.js';
import { interruptible } from './interruptible.js';
import { connects, MagicCell } from './magic-cell.js';
import { mayHoldMagic } from './python-piece.js';
import type { CellOutcome, CellRunner } from './queue.js';
import { type CellPiece, splitCell } from './split.js';

type CellStatus = 'ok' | 'error';

/** What running cells takes. */
export interface RunnerParts {
  readonly frontend: Frontend;
  readonly relay: Relay;
  readonly own: OwnRequests;
  readonly input: InputDesk;
  readonly logins: LoginDesk;
  readonly sessions: SessionKeeper;
  readonly count: ExecutionCount;
  readonly names: KnownNames;
}

/**
 * Runs cells. One without a magic of ours goes to the session as the bytes that came, the others
 * piece by piece. Every request is checked first: to one that lacks its code no session replies.
 */
export class SessionCellRunner implements CellRunner {
  constructor(private readonly parts: RunnerParts) {}

  async run(
    request: OpenRequest,
    signal: AbortSignal,
    markQueue: () => Promise<void>,
  ): Promise<CellOutcome> {
    let stopsOnError = false;
    let status: CellStatus;
    let counts = false;
    try {
      const options = readExecuteRequest(request.message.content);
      stopsOnError = options.stopOnError && !options.silent;
      counts = options.storeHistory;
      this.parts.names.begins(options.code);
      const pieces = magicPieces(request, options.code);
      this.parts.logins.begin({
        request,
        allowStdin: options.allowStdin && !options.silent,
        signal,
        connects: connects(pieces),
      });
      status =
        pieces === undefined
          ? await this.#runUnchanged(request, signal, markQueue)
          : await this.#runPieces(request, pieces, options, signal, markQueue);
    } catch (error) {
      await markQueue();
      // The session had begun the cell, and gave it the number that now is taken.
      if (counts && error instanceof LinkClosedError) this.parts.count.last += 1;
      this.#fail(request, error);
      status = 'error';
    } finally {
      this.parts.logins.end();
      this.parts.input.cellEnded(request);
    }
    return { stopsQueue: stopsOnError && status === 'error' };
  }

  abort(request: OpenRequest): void {
    // Messages of this type must have a number; 0 is that of no cell.
    const content = { status: 'aborted', execution_count: 0 };
    this.parts.frontend.busy(request);
    this.parts.frontend.reply(request, content, { status: 'aborted' });
    this.parts.frontend.idle(request);
  }

  async #runUnchanged(
    request: OpenRequest,
    signal: AbortSignal,
    markQueue: () => Promise<void>,
  ): Promise<CellStatus> {
    const { sessions, relay, frontend } = this.parts;
    const link = sessions.openLink ?? (await this.#openLink(request, signal));
    this.#showNotice(request);
    const error = await new Promise<SessionReply | undefined>((finished, failed) => {
      request.waiter = { finished, failed };
      relay.toSession(link, request);
    });
    if (request.replyContent !== undefined) this.parts.count.replied(request.replyContent);
    if (error === undefined) return 'ok';
    await markQueue();
    frontend.forwardReply(request, error.message, error.header);
    frontend.idle(request);
    return 'error';
  }

  async #runPieces(
    request: OpenRequest,
    pieces: readonly CellPiece[],
    options: ExecuteOptions,
    signal: AbortSignal,
    markQueue: () => Promise<void>,
  ): Promise<CellStatus> {
    const { frontend, relay, count } = this.parts;
    frontend.busy(request);
    const openLink = async () => {
      const link = await this.#openLink(request, signal);
      this.#showNotice(request);
      return link;
    };
    const cell = new MagicCell(request, options, signal, { ...this.parts, openLink });
    relay.setAskingCell(request);
    try {
      const reply = await cell.run(pieces);
      if (reply.status === 'error') await markQueue();
      frontend.reply(request, reply, { status: reply.status });
      frontend.idle(request);
      return reply.status;
    } finally {
      relay.setAskingCell(undefined);
      count.ended();
    }
  }

  #openLink(request: OpenRequest, signal: AbortSignal): Promise<SessionLink> {
    // The cell has begun, as far as the user is concerned, while its session starts.
    this.parts.frontend.busy(request);
    return interruptible(this.parts.sessions.link(), signal);
  }

  #showNotice(request: OpenRequest): void {
    const notice = this.parts.sessions.takeNotice();
    if (notice === undefined) return;
    this.parts.frontend.busy(request);
    const content = { name: 'stderr', text: `${notice}\n` };
    this.parts.frontend.publish('stream', content, request.message.header);
  }

  #fail(request: OpenRequest, error: unknown): void {
    const content = errorContent(error);
    const { frontend } = this.parts;
    frontend.busy(request);
    if (!request.isAnswered) {
      frontend.publish('error', content, request.message.header);
      const reply = {
        status: 'error',
        execution_count: this.parts.count.last,
        ...content,
        user_expressions: {},
        payload: [],
      };
      frontend.reply(request, reply, { status: 'error' });
    }
    frontend.idle(request);
  }
}

/** The pieces of a cell that holds magics of ours; undefined for every other cell. */
function magicPieces({ message }: OpenRequest, code: string): CellPiece[] | undefined {
  if (!mayHoldMagic(message.content)) return undefined;
  const pieces = splitCell(code, magicNames);
  return pieces.every((piece) => piece.kind === 'python') ? undefined : pieces;
}
