import { v4 as uuid } from 'uuid';
import type { ConfirmationQuestion, LoginQuestion } from '../src/client/index.js';
import { CellInterruptedError } from './failure.js';
import type { Frontend } from './frontend.js';
import type { InputDesk } from './input.js';
import type { OpenRequest } from './requests.js';

/** A running cell, whose client can be asked. */
export interface AskableCell {
  readonly request: OpenRequest;
  /** Whether the client takes input; hidden cells of editors do not. */
  readonly allowStdin: boolean;
  /** Aborts when the user interrupts the cell. */
  readonly signal: AbortSignal;
  /** Whether it chooses a server itself, so that the login to another one is not asked for. */
  readonly connects: boolean;
}

interface Waiting {
  readonly question: LoginQuestion;
  resolve(answer: string | undefined): void;
}

/**
 * Asks the user for a login when the server wants one: in the cell that runs, else in the next.
 * The cell goes on meanwhile; when nobody can be asked there, whoever needs the login is told so.
 * What is confirmed in a browser is shown in each cell that runs until it is.
 */
export class LoginDesk {
  readonly #waiting = new Set<Waiting>();
  /** The running cell; its end aborts what it was asked, if it was asked anything. */
  #cell: { readonly cell: AskableCell; ended?: AbortController } | undefined;

  constructor(
    private readonly input: InputDesk,
    private readonly frontend: Frontend,
  ) {}

  /** The answer; empty when the user interrupts, undefined when the client takes no input. */
  async ask(question: LoginQuestion): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const waiting: Waiting = { question, resolve };
    const withdraw = () => resolve('');
    question.signal.addEventListener('abort', withdraw, { once: true });
    if (question.signal.aborted) withdraw();
    this.#waiting.add(waiting);
    this.#askInCell(waiting);
    try {
      return await promise;
    } finally {
      this.#waiting.delete(waiting);
      question.signal.removeEventListener('abort', withdraw);
    }
  }

  /** A cell begins: what waits for one is asked now. */
  begin(cell: AskableCell): void {
    this.#cell = { cell };
    for (const waiting of this.#waiting) {
      if (cell.connects) waiting.resolve('');
      else this.#askInCell(waiting);
    }
  }

  /** The cell has ended; what it was asked waits for the next. */
  end(): void {
    this.#cell?.ended?.abort();
    this.#cell = undefined;
  }

  #askInCell(waiting: Waiting): void {
    const { question, resolve } = waiting;
    const running = this.#cell;
    if (running === undefined) return;
    const { cell } = running;
    if (!cell.allowStdin) {
      resolve(undefined);
      return;
    }
    running.ended ??= new AbortController();
    if (question.kind === 'confirmation') {
      if (cell.signal.aborted) resolve('');
      cell.signal.addEventListener('abort', () => resolve(''), { once: true });
      void this.#show(question, cell.request, running.ended.signal);
      return;
    }
    const ended = running.ended.signal;
    const signal = AbortSignal.any([cell.signal, ended, question.signal]);
    const ask = { prompt: question.prompt, password: true, allowStdin: true };
    this.input.ask(cell.request, ask, signal).then(resolve, (error: unknown) => {
      if (!(error instanceof CellInterruptedError)) throw error;
      if (!ended.aborted) resolve('');
    });
  }

  /** Shows what is to be confirmed below a cell, and in its place how that has ended. */
  async #show(
    question: ConfirmationQuestion,
    request: OpenRequest,
    ended: AbortSignal,
  ): Promise<void> {
    const begun = question.begin().catch(() => undefined);
    const [code, card] = await Promise.all([begun, import('./login-card.js')]);
    // Whoever needs the login is told why none could be begun.
    if (code === undefined || question.signal.aborted || ended.aborted) return;
    const displayId = uuid();
    const display = (type: string, data: object) => {
      const content = { data, metadata: {}, transient: { display_id: displayId } };
      this.frontend.publish(type, content, request.message.header);
    };
    this.frontend.busy(request);
    display('display_data', card.codeCard(question.url, code));
    question.signal.addEventListener(
      'abort',
      () => display('update_display_data', card.outcomeCard(question.url, question.isConfirmed())),
      { once: true },
    );
  }
}
