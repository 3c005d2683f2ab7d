import type { MessageHeader, WireMessage } from '../src/jupyter/index.js';
import { decodeDict } from '../src/jupyter/index.js';
import type { SessionLink } from '../src/session/index.js';
import { CellInterruptedError } from './failure.js';
import type { Frontend } from './frontend.js';
import { MagicError } from './magic-context.js';
import type { ClientRequest } from './requests.js';

/** A question that the user has not answered. */
interface Question {
  /** The request of the client that is asked. */
  readonly request: ClientRequest;
  readonly isOfSession: boolean;
  show(): void;
  answer(reply: WireMessage, link: SessionLink | undefined): void;
}

/**
 * Questions to the user on stdin, one at a time: an answer does not say to which it belongs. One to
 * which nobody waits is dropped.
 */
export class InputDesk {
  /** The first is the one that the user sees. */
  #questions: Question[] = [];

  constructor(private readonly frontend: Frontend) {}

  /**
   * Asks the client of a cell for a line.
   * @throws {MagicError} when the client said that it takes no input.
   * @throws {CellInterruptedError} when `signal` aborts.
   */
  async ask(
    request: ClientRequest,
    question: { prompt: string; password: boolean; allowStdin: boolean },
    signal: AbortSignal,
  ): Promise<string> {
    const { prompt, password, allowStdin } = question;
    if (!allowStdin) {
      throw new MagicError(
        'StdinNotImplementedError',
        `"${prompt.trim()}" cannot be asked: this client takes no input. Give the value in another way, such as an environment variable.`,
      );
    }
    if (signal.aborted) throw new CellInterruptedError();
    return await new Promise<string>((resolve, reject) => {
      const onAbort = () => {
        this.#drop((each) => each === own);
        reject(new CellInterruptedError());
      };
      const own: Question = {
        request,
        isOfSession: false,
        show: () => this.frontend.askInput(request, prompt, password),
        answer: (reply) => {
          signal.removeEventListener('abort', onAbort);
          resolve(String(decodeDict(reply.content, 'content').value ?? ''));
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#add(own);
    });
  }

  /** Passes a question of the session on to the client whose cell asks. */
  forward(request: ClientRequest, header: MessageHeader, message: WireMessage): void {
    // A session asks anew only when it does not wait for the answer to its last question any more.
    this.#drop(({ isOfSession }) => isOfSession);
    this.#add({
      request,
      isOfSession: true,
      show: () => this.frontend.forwardQuestion(request, message, header),
      answer: (reply, link) => link?.send('stdin', reply),
    });
  }

  /** Hands an `input_reply` to whoever asked. */
  answer(message: WireMessage, link: SessionLink | undefined): void {
    const [question] = this.#questions;
    if (question === undefined) return;
    this.#drop((each) => each === question);
    question.answer(message, link);
  }

  /** Forgets what the session asked for a cell that has ended, by an interrupt or with the link. */
  cellEnded(request: ClientRequest): void {
    this.#drop((each) => each.isOfSession && each.request === request);
  }

  #add(question: Question): void {
    this.#questions.push(question);
    if (this.#questions.length === 1) question.show();
  }

  #drop(isDropped: (question: Question) => boolean): void {
    const [shown] = this.#questions;
    this.#questions = this.#questions.filter((question) => !isDropped(question));
    if (this.#questions[0] !== shown) this.#questions[0]?.show();
  }
}
