import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecuteResponse } from '../api/index.js';
import { ClientError, NotFoundError, type RServerClient } from '../client/index.js';
import { SessionHelperError } from './errors.js';
import { type ConsoleEvent, ConsoleReader, readRecord } from './rest-console.js';
import { isRefused, isSessionGone, mayStillRun, RequestLostError } from './rest-failures.js';
import { helperSources } from './rest-sources.js';

/** Milliseconds between looks at the console of a running request: the first, and the longest. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 250;
/** A look takes a quarter of the time at most, however much there is to transfer. */
const LOOKS_PER_PAUSE = 4;
/** Milliseconds that a server may be away after a request was cut; that it may refuse connections. */
const RECOVERY_LIMIT = 60_000;
const REFUSED_LIMIT = 3000;
/** Milliseconds after which a request that the console does not know has not arrived, or is over. */
const UNKNOWN_LIMIT = 5000;
/** Milliseconds that an interrupt waits for the code that it is to interrupt. */
const BEGIN_LIMIT = 2000;

const REQUEST = '__slipway_request__';
const REPLY = '__slipway_reply__';
const SOURCES = '__slipway_sources__';
const MISSING = 'missing';
const NOT_KEPT = 'The session does not keep the kernel’s helper from one call to the next.';

/** One line, since each is an entry of the session's history; it imports nothing for the user. */
const SERVE = `${REPLY} = __import__("sys").modules["slipway_rest"].serve(${REQUEST}, globals()) if "slipway_rest" in __import__("sys").modules else "${MISSING}"`;

/** Who gets what a request publishes, in order. */
export type EventListener = (event: Exclude<ConsoleEvent, { kind: 'file' | 'reply' }>) => void;

/** The answer of `slipway_rest` to a request. */
export type HelperAnswer = Readonly<Record<string, unknown>>;

/**
 * Sends requests to `slipway_rest` in a session by `POST …/execute`, and looks at the console
 * meanwhile. One at a time: the console is that of the execution that runs.
 */
export class RestCalls {
  #running: { readonly reader: ConsoleReader; readonly done: Promise<unknown> } | undefined;
  #flowing: Promise<void> = Promise.resolve();
  readonly #stopped = new AbortController();

  constructor(
    private readonly client: RServerClient,
    private readonly sessionId: string,
  ) {}

  /** Nothing more is told to listeners until this promise resolves. */
  holdUntil(flowing: Promise<void>): void {
    this.#flowing = flowing;
  }

  /** Waits for nothing any more; what runs in the session runs on. Idempotent. */
  stop(): void {
    this.#stopped.abort();
  }

  /**
   * Puts the helper into the session, in place of an earlier one; what that knew is kept.
   * @throws {SessionHelperError} when the session cannot run it.
   * @throws {ClientError}
   */
  async install(): Promise<void> {
    const { bootstrap, modules } = await helperSources();
    const { success, errorMessage } = await this.client.sessions.execute(this.sessionId, {
      code: bootstrap,
      inputParameters: [{ name: SOURCES, value: JSON.stringify(modules) }],
      outputParameters: [],
    });
    if (!success) throw await this.#failure(errorMessage);
  }

  /**
   * Asks the helper, and installs it again where the session has lost it. A request that the
   * session may have begun is never sent twice: after a cut its end is looked for in the console.
   * What the session could not run is an answer with the status `error`, as a cell that fails is.
   * @throws {RequestLostError} when that is not found.
   * @throws {ClientError}
   */
  async ask(op: string, args: object, listener: EventListener): Promise<HelperAnswer> {
    try {
      const answer = await this.#ask(op, args, listener);
      if (answer !== MISSING) return answer;
      await this.install();
      const again = await this.#ask(op, args, listener);
      if (again !== MISSING) return again;
      throw new SessionHelperError('HelperMissing', NOT_KEPT, []);
    } catch (error) {
      if (!(error instanceof SessionHelperError)) throw error;
      const { ename, evalue } = error;
      return { status: 'error', ename, evalue, traceback: [`${ename}: ${evalue}`] };
    }
  }

  /**
   * Interrupts the request that runs; does nothing when none does.
   * @throws {ClientError}
   */
  async interrupt(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    // An interrupt that comes before the code would be lost.
    const limit = Date.now() + BEGIN_LIMIT;
    while (!running.reader.hasBegun && this.#running === running && Date.now() < limit) {
      await Promise.race([running.done, delay(FIRST_PAUSE / 2)]);
    }
    if (this.#running !== running) return;
    try {
      await this.client.sessions.cancel(this.sessionId);
    } catch (error) {
      // A connection that was kept open may have been cut meanwhile; a new one is not.
      if (!mayStillRun(error)) throw error;
      await this.client.sessions.cancel(this.sessionId);
    }
  }

  async #ask(op: string, args: object, listener: EventListener) {
    const id = randomBytes(16).toString('hex');
    const reader = new ConsoleReader(id);
    let reply: HelperAnswer | undefined;
    const pending: ConsoleEvent[] = [];
    // What cannot be fetched now stays at the head, and is fetched when the server answers again.
    const deliver = async (events: readonly ConsoleEvent[]) => {
      pending.push(...events);
      await this.#flowing;
      for (let event = pending[0]; event !== undefined; event = pending[0]) {
        const whole = event.kind === 'file' ? await this.#fetch(event.name) : event;
        pending.shift();
        if (whole.kind === 'reply') reply = whole.reply;
        else if (whole.kind !== 'file') listener(whole);
      }
    };
    const request = {
      code: SERVE,
      inputParameters: [{ name: REQUEST, value: JSON.stringify({ ...args, op, id }) }],
      outputParameters: [REPLY],
    };
    const { signal } = this.#stopped;
    const execution = this.client.sessions.execute(this.sessionId, request, signal);
    const over = new AbortController();
    const done = execution.then(
      () => over.abort(),
      () => over.abort(),
    );
    this.#running = { reader, done };
    try {
      await this.#follow(reader, deliver, over.signal);
      const response = await execution;
      await deliver(reader.read(response.consoleOutput, reader.hasBegun || response.success));
      return reply ?? (await this.#replyOf(response));
    } catch (error) {
      if (!mayStillRun(error)) throw error;
      await this.#recover(reader, deliver, () => reply !== undefined, error);
      return reply as unknown as HelperAnswer;
    } finally {
      this.#running = undefined;
    }
  }

  /** Looks at the console again and again until `over`. */
  async #follow(
    reader: ConsoleReader,
    deliver: (events: readonly ConsoleEvent[]) => Promise<void>,
    over: AbortSignal,
  ): Promise<void> {
    for (let pause = FIRST_PAUSE; ; ) {
      await pauseFor(pause, over);
      if (over.aborted) return;
      const begin = performance.now();
      const console = await this.#console(over);
      if (over.aborted) return;
      if (console !== undefined) await deliver(reader.read(console));
      const took = performance.now() - begin;
      pause = Math.max(Math.min(1.5 * pause, LONGEST_PAUSE), LOOKS_PER_PAUSE * took);
    }
  }

  /** What the console says; undefined when it cannot be had, now or any more. */
  async #console(over: AbortSignal): Promise<string | undefined> {
    const ended = new Promise<undefined>((resolve) => {
      over.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    const looked = this.client.sessions.consoleOutput(this.sessionId).catch((error: unknown) => {
      if (!(error instanceof ClientError)) throw error;
      return undefined;
    });
    return Promise.race([looked, ended]);
  }

  /** Finds the end of a request whose connection broke: it stands in the console. */
  async #recover(
    reader: ConsoleReader,
    deliver: (events: readonly ConsoleEvent[]) => Promise<void>,
    isAnswered: () => boolean,
    cut: ClientError,
  ): Promise<void> {
    let lastHeard = Date.now();
    for (let lastOurs = lastHeard; ; await delay(LONGEST_PAUSE)) {
      this.#stopped.signal.throwIfAborted();
      try {
        await deliver(reader.read(await this.client.sessions.consoleOutput(this.sessionId)));
        lastHeard = Date.now();
      } catch (error) {
        const limit = isRefused(error) ? REFUSED_LIMIT : RECOVERY_LIMIT;
        const mayPass = isRefused(error) || mayStillRun(error);
        if (!mayPass || Date.now() - lastHeard > limit)
          throw isSessionGone(error) ? error : new RequestLostError(cut, error);
      }
      if (isAnswered()) return;
      if (reader.isOurs) lastOurs = Date.now();
      if (Date.now() - lastOurs > UNKNOWN_LIMIT) throw new RequestLostError(cut, cut);
    }
  }

  /** The event that a file of the session holds; the file is removed. */
  async #fetch(name: string): Promise<ConsoleEvent> {
    const { sessions } = this.client;
    let text: Buffer;
    try {
      text = await buffer(await sessions.downloadFile(this.sessionId, name));
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      return { kind: 'gap' };
    }
    try {
      await sessions.deleteFile(this.sessionId, name);
    } catch (error) {
      // The helper removes what is left when it is asked again.
      if (!(error instanceof ClientError)) throw error;
    }
    return readRecord(text.toString());
  }

  /** The answer that the response itself carries, where the console had none. */
  async #replyOf(response: ExecuteResponse): Promise<HelperAnswer | typeof MISSING> {
    if (!response.success) {
      if (response.errorMessage.includes('KeyboardInterrupt')) return INTERRUPTED;
      throw await this.#failure(response.errorMessage);
    }
    const value = response.outputParameters.find(({ name }) => name === REPLY)?.value;
    const text = Array.isArray(value) ? value[0] : value;
    if (text === MISSING) return MISSING;
    const reply: unknown = typeof text === 'string' && text !== '' ? JSON.parse(text) : undefined;
    if (typeof reply === 'object' && reply !== null) return reply as HelperAnswer;
    throw new SessionHelperError('NoAnswer', 'The session has run the cell without an answer.', []);
  }

  /** What a failed execution means: the session may have died of it, and then says so itself. */
  async #failure(message: string): Promise<Error> {
    try {
      await this.client.sessions.consoleOutput(this.sessionId);
    } catch (error) {
      if (isSessionGone(error)) return error;
      if (!(error instanceof ClientError)) throw error;
    }
    return new SessionHelperError('ExecutionFailed', message, []);
  }
}

/** When the interrupt came before the helper, or after it. */
const INTERRUPTED: HelperAnswer = {
  status: 'error',
  ename: 'KeyboardInterrupt',
  evalue: 'interrupted',
  traceback: ['KeyboardInterrupt: interrupted'],
};

async function pauseFor(milliseconds: number, over: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal: over });
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
  }
}
