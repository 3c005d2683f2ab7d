import type { SessionLink } from '../../src/session/index.js';
import {
  CellInterruptedError,
  errorContent,
  PieceFailedError,
  UnansweredCellError,
} from '../failure.js';
import type { ErrorContent, Frontend } from '../frontend.js';
import type { InputDesk } from '../input.js';
import type { MagicContext } from '../magic-context.js';
import { magicHelp, runMagic } from '../magics/index.js';
import type { OutputListener, OwnRequests } from '../own-requests.js';
import type { OpenRequest } from '../requests.js';
import type { SessionKeeper } from '../session-keeper.js';
import type { ExecuteOptions } from './execute-request.js';
import type { ExecutionCount } from './execution-count.js';
import { interruptible } from './interruptible.js';
import { pieceSource } from './python-piece.js';
import type { CellPiece } from './split.js';

/** What a cell with magics needs of the kernel. */
export interface MagicCellParts {
  readonly frontend: Frontend;
  readonly own: OwnRequests;
  readonly input: InputDesk;
  readonly sessions: SessionKeeper;
  readonly count: ExecutionCount;
  /** Opens the link to the session, and tells the user when that is another session. */
  openLink(): Promise<SessionLink>;
}

/** The content of the reply to a cell. */
export type CellReply = {
  readonly execution_count: number;
  readonly user_expressions: object;
  readonly payload: readonly unknown[];
} & ({ readonly status: 'ok' } | ({ readonly status: 'error' } & ErrorContent));

/** Whether a cell begins by choosing a server: it does not need the one that was chosen before. */
export function connects(pieces: readonly CellPiece[] | undefined): boolean {
  const first = pieces?.[0];
  if (first?.kind !== 'magic' || first.invocation.name !== 'connect') return false;
  const words = first.invocation.args.split(/\s+/);
  return words.some((word) => word !== '') && !words.includes('-h') && !words.includes('--help');
}

/**
 * One cell that holds magics. Its pieces run in order and appear as one cell: one number, one
 * entry of the history, one reply; an error in any piece stops the rest.
 */
export class MagicCell {
  readonly #payload: unknown[] = [];
  /** The session that counts the cell now; magics may change it. */
  #countedIn: SessionLink | undefined;

  constructor(
    private readonly request: OpenRequest,
    private readonly options: ExecuteOptions,
    private readonly signal: AbortSignal,
    private readonly parts: MagicCellParts,
  ) {}

  /**
   * Runs the pieces and returns the content of the reply; what went wrong has been published.
   * @throws whatever keeps a cell that begins with Python from getting a session.
   */
  async run(pieces: readonly CellPiece[]): Promise<CellReply> {
    const isWithout = connects(pieces) && this.parts.sessions.openLink === undefined;
    const executionCount = isWithout
      ? this.parts.count.next
      : await this.#begin(pieces[0]?.kind === 'python');
    this.parts.count.begun(executionCount);
    const { code, silent } = this.options;
    if (!silent) this.#publish('execute_input', { code, execution_count: executionCount });
    const outcome = await this.#runPieces(pieces);
    if (outcome.status === 'error' && !outcome.isShown) this.#publish('error', outcome.content);
    await this.#end(executionCount);
    const rest = { execution_count: executionCount, payload: this.#payload };
    if (outcome.status === 'ok') {
      return { status: 'ok', user_expressions: outcome.userExpressions, ...rest };
    }
    return { status: 'error', ...outcome.content, user_expressions: {}, ...rest };
  }

  async #runPieces(
    pieces: readonly CellPiece[],
  ): Promise<
    | { status: 'ok'; userExpressions: object }
    | { status: 'error'; content: ErrorContent; isShown: boolean }
  > {
    try {
      for (const [index, piece] of pieces.entries()) {
        if (this.signal.aborted) throw new CellInterruptedError();
        await this.#runPiece(piece, index === pieces.length - 1);
      }
      return { status: 'ok', userExpressions: await this.#evaluateUserExpressions() };
    } catch (error) {
      const isShown = error instanceof PieceFailedError;
      return { status: 'error', content: errorContent(error), isShown };
    }
  }

  async #runPiece(piece: CellPiece, isLast: boolean): Promise<void> {
    if (piece.kind === 'python') {
      await this.#runPython(pieceSource(piece.code, piece.line, isLast));
    } else if (piece.kind === 'magic') {
      await interruptible(runMagic(piece.invocation, this.#context()), this.signal);
    } else {
      const data = await magicHelp(piece.name);
      if (data !== undefined) this.#payload.push({ source: 'page', data, start: 0 });
    }
  }

  async #runPython(code: string): Promise<void> {
    const reply = await this.#execute({ code, silent: this.options.silent });
    if (Array.isArray(reply.payload)) this.#payload.push(...reply.payload);
    if (reply.status === 'ok') return;
    if (reply.status === 'unknown') throw new UnansweredCellError();
    const { ename, evalue, traceback } = reply;
    throw new PieceFailedError({
      ename: typeof ename === 'string' ? ename : 'Aborted',
      evalue: typeof evalue === 'string' ? evalue : 'The session did not run this cell.',
      traceback: Array.isArray(traceback) ? traceback.map(String) : [],
    });
  }

  async #evaluateUserExpressions(): Promise<object> {
    const { userExpressions } = this.options;
    if (Object.keys(userExpressions).length === 0) return {};
    const reply = await this.#execute({
      code: '',
      silent: true,
      user_expressions: userExpressions,
    });
    return (reply.user_expressions as object | undefined) ?? {};
  }

  async #execute(content: object): Promise<Record<string, unknown>> {
    const link = await this.parts.openLink();
    await this.#countIn(link);
    const { header, metadata } = this.request.message;
    const onOutput: OutputListener = (channel, outputHeader, message) => {
      const { frontend, input } = this.parts;
      if (channel === 'iopub') frontend.forwardPublished(message, outputHeader, header);
      else input.forward(this.request, outputHeader, message);
    };
    const defaults = {
      store_history: false,
      user_expressions: {},
      allow_stdin: this.options.allowStdin,
      stop_on_error: false,
    };
    const request = { ...defaults, ...content };
    const options = { metadata, onOutput, cell: header };
    return await this.parts.own.request(link, 'shell', 'execute_request', request, options);
  }

  /**
   * Gets the cell its number, from the session. A cell that begins with a magic does without a
   * session that cannot be had: the magic may be the one that connects.
   */
  async #begin(needsSession: boolean): Promise<number> {
    try {
      return (await this.#countIn(await this.parts.openLink())) ?? this.parts.count.next;
    } catch (error) {
      if (needsSession || error instanceof CellInterruptedError) throw error;
      return this.parts.count.next;
    }
  }

  /** Begins the cell in a session, unless that has been done; returns its number there. */
  async #countIn(link: SessionLink): Promise<number | undefined> {
    if (this.#countedIn === link) return undefined;
    const { code, storeHistory } = this.options;
    const { result } = await link.ask('begin_cell', { code, storeHistory });
    this.#countedIn = link;
    return Number(result.executionCount);
  }

  /** Ends the cell in the session that it has come to. */
  async #end(executionCount: number): Promise<void> {
    const { sessions, count } = this.parts;
    const { storeHistory } = this.options;
    const link = sessions.openLink;
    if (link === undefined) {
      if (storeHistory) count.last = executionCount;
      return;
    }
    await this.#countIn(link);
    const { result } = await link.ask('end_cell', { storeHistory });
    count.last = Number(result.executionCount) - 1;
  }

  #publish(type: string, content: object): void {
    this.parts.frontend.publish(type, content, this.request.message.header);
  }

  #context(): MagicContext {
    const { sessions, input } = this.parts;
    const { silent, allowStdin } = this.options;
    return {
      link: () => this.parts.openLink(),
      client: () => sessions.client(),
      session: sessions,
      display: (data, { displayId, update = false } = {}) => {
        const transient = displayId === undefined ? {} : { display_id: displayId };
        const type = update ? 'update_display_data' : 'display_data';
        this.#publish(type, { data, metadata: {}, transient });
      },
      stream: (name, text) => {
        if (text !== '') this.#publish('stream', { name, text });
      },
      input: (prompt, password) =>
        input.ask(this.request, { prompt, password, allowStdin }, this.signal),
      signal: this.signal,
      execution: { silent, allowStdin },
    };
  }
}
