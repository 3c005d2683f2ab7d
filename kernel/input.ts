import type { MessageHeader, WireMessage } from '../src/jupyter/index.js';
import { decodeDict } from '../src/jupyter/index.js';
import type { SessionLink } from '../src/session/index.js';
import { CellInterruptedError } from './failure.js';
import type { Frontend } from './frontend.js';
import { MagicError } from './magic-context.js';
import type { ClientRequest } from './requests.js';

/** Who waits for the next line of input: the session, or a magic. */
type Asker = 'session' | { resolve(value: string): void };

/** Questions to the user on stdin. An answer to which nobody waits is dropped. */
export class InputDesk {
  #asker: Asker | undefined;

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
    if (!question.allowStdin) {
      throw new MagicError(
        'StdinNotImplementedError',
        `"${question.prompt.trim()}" cannot be asked: this client takes no input. Give the value in another way, such as an environment variable.`,
      );
    }
    if (signal.aborted) throw new CellInterruptedError();
    return await new Promise<string>((resolve, reject) => {
      const onAbort = () => {
        this.#asker = undefined;
        reject(new CellInterruptedError());
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#asker = {
        resolve(value) {
          signal.removeEventListener('abort', onAbort);
          resolve(value);
        },
      };
      this.frontend.askInput(request, question.prompt, question.password);
    });
  }

  /** Passes a question of the session on to the client whose cell asks. */
  forward(request: ClientRequest, header: MessageHeader, message: WireMessage): void {
    this.#asker = 'session';
    this.frontend.forwardQuestion(request, message, header);
  }

  /** Hands an `input_reply` to whoever asked. */
  answer(message: WireMessage, link: SessionLink | undefined): void {
    const asker = this.#asker;
    this.#asker = undefined;
    if (asker === 'session') link?.send('stdin', message);
    else asker?.resolve(String(decodeDict(message.content, 'content').value ?? ''));
  }
}
