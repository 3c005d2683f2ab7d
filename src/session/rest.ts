import type { JsonValue } from '../api/index.js';
import { ClientError, type RServerClient } from '../client/index.js';
import { type Channel, MalformedMessageError, type WireMessage } from '../jupyter/index.js';
import { LinkClosedError, LinkOpenError, SessionHelperError } from './errors.js';
import type { HelperReply, LinkEnd, MessageListener, SessionLink } from './link.js';
import {
  answerBeside,
  completeFromNames,
  type KnownSession,
  kernelInfo,
  noDebugger,
  notThere,
  readKnown,
  texts,
} from './rest-answers.js';
import { type HelperAnswer, RestCalls } from './rest-call.js';
import { endAfter, isSessionGone } from './rest-failures.js';
import { CellHistory } from './rest-history.js';
import { type Exchange, exchangeOf, Publisher } from './rest-publisher.js';
import { publishingSources } from './rest-sources.js';

/** Which session to use, by R Server's routes alone. */
export interface RestOptions {
  readonly client: RServerClient;
  readonly sessionId: string;
  readonly onMessage: MessageListener;
}

/**
 * Attaches to a session of a server that has only R Server's API: cells run by `execute`, and a
 * helper in the session tells what a Jupyter kernel would publish.
 * @throws {LinkOpenError} when there is no such session, or when it cannot run the helper.
 * @throws {ClientError}
 */
export async function openRest(options: RestOptions): Promise<SessionLink> {
  const calls = new RestCalls(options.client, options.sessionId);
  try {
    await calls.install();
    const answer = await calls.ask('info', {}, ignoreEvent);
    if (answer.status !== 'ok') throw helperError(answer);
    return new RestLink(options, calls, Object(answer.result));
  } catch (error) {
    if (isSessionGone(error)) throw new LinkOpenError(error.message, 404, { cause: error });
    if (!(error instanceof SessionHelperError)) throw error;
    throw new LinkOpenError(
      `The session cannot run the kernel's helper, which needs Python 3.5 or newer: ${error.evalue}`,
      500,
      { cause: error },
    );
  }
}

/** Makes a session that only runs code look like a Jupyter kernel. */
class RestLink implements SessionLink {
  readonly sessionId: string;
  readonly isPlain = true;
  readonly isConnected = true;
  readonly bufferedAmount = 0;
  readonly ended: Promise<LinkEnd>;
  readonly #publisher: Publisher;
  readonly #handlers: Readonly<Record<string, (exchange: Exchange) => void>> = {
    execute_request: (exchange) =>
      this.#queueExchange(exchange, (content) => this.#execute(exchange, content)),
    complete_request: (exchange) =>
      this.#askFor(exchange, 'complete', completeFromNames(exchange.content(), this.#known)),
    inspect_request: (exchange) => this.#askFor(exchange, 'inspect', NOTHING_FOUND),
    is_complete_request: (exchange) => this.#askFor(exchange, 'is_complete', UNKNOWN),
    history_request: (exchange) => this.#answer(exchange, this.#history.answer(exchange.content())),
    kernel_info_request: (exchange) => this.#answer(exchange, kernelInfo(this.#known)),
    comm_info_request: (exchange) => this.#answer(exchange, { status: 'ok', comms: {} }),
    comm_open: (exchange) => this.#closeComm(exchange),
    list_subshell_request: (exchange) => this.#answer(exchange, { status: 'ok', subshell_id: [] }),
    create_subshell_request: (exchange) => this.#answer(exchange, notThere('subshells')),
    delete_subshell_request: (exchange) => this.#answer(exchange, notThere('subshells')),
    usage_request: (exchange) => this.#answer(exchange, notThere('figures of its usage')),
    interrupt_request: (exchange) => void this.#interrupt(exchange),
    slipway_request: (exchange) =>
      this.#answer(exchange, answerBeside(exchange.content(), this.#known)),
    debug_request: (exchange) => this.#answer(exchange, noDebugger(exchange.content())),
  };
  readonly #history = new CellHistory();
  readonly #finish: (end: LinkEnd) => void;
  /** Who waits for an answer of the helper. */
  readonly #asking = new Set<(end: LinkEnd) => void>();
  #known: KnownSession;
  /** The number that the next cell gets. */
  #count: number;
  #waiting: Promise<void> = Promise.resolve();
  /** How many requests the session has to serve. */
  #load = 0;
  #release: (() => void) | undefined;
  #end: LinkEnd | undefined;

  constructor(
    options: RestOptions,
    private readonly calls: RestCalls,
    info: Readonly<Record<string, unknown>>,
  ) {
    this.sessionId = options.sessionId;
    this.#publisher = new Publisher(options.onMessage);
    this.#known = readKnown(info);
    this.#count = typeof info.executionCount === 'number' ? info.executionCount : 1;
    const { promise, resolve } = Promise.withResolvers<LinkEnd>();
    this.ended = promise;
    this.#finish = resolve;
  }

  get python(): string {
    return this.#known.python;
  }

  send(channel: Channel, message: WireMessage): void {
    if (this.#end !== undefined) throw new LinkClosedError(this.#end);
    // Nobody asks for input, so that nothing comes on stdin.
    if (channel !== 'shell' && channel !== 'control') return;
    const exchange = exchangeOf(channel, message);
    // An answer that is known at once must not come before the caller waits for it.
    queueMicrotask(() => this.#serve(exchange));
  }

  async ask(op: string, args: Record<string, unknown> = {}): Promise<HelperReply> {
    if (this.#end !== undefined) throw new LinkClosedError(this.#end);
    const { promise, resolve, reject } = Promise.withResolvers<HelperAnswer>();
    const fail = (end: LinkEnd) => reject(new LinkClosedError(end));
    this.#asking.add(fail);
    this.#queue(async () => {
      const modules = op === 'describe_function' ? { modules: await publishingSources() } : {};
      const events = this.#publisher.eventsOf(this.#publisher.ownParent('slipway_request'));
      resolve(await this.calls.ask(op, { ...args, ...modules }, events));
    });
    const answer = await promise.finally(() => this.#asking.delete(fail));
    if (answer.status !== 'ok') throw helperError(answer);
    const result = Object(answer.result) as { [key: string]: JsonValue };
    if (typeof result.executionCount === 'number') this.#count = result.executionCount;
    // The pieces of a cell with magics are not in the history, but the cell is.
    const isCell = op === 'begin_cell' && args.storeHistory === true;
    if (isCell) this.#history.add(this.#count, String(args.code));
    return { result, buffers: [] };
  }

  pause(): void {
    if (this.#release !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#release = resolve;
    this.calls.holdUntil(promise);
  }

  resume(): void {
    this.#release?.();
    this.#release = undefined;
  }

  async close(): Promise<void> {
    this.#endWith({ reason: 'closed', message: 'The connection with the session was closed.' });
    await this.ended;
  }

  #serve(exchange: Exchange): void {
    try {
      this.#dispatch(exchange);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.#answer(exchange, errorReply(error));
    }
  }

  #dispatch(exchange: Exchange): void {
    const { type } = exchange;
    // A client may send any type, such as the name of what every object has.
    const handler = Object.hasOwn(this.#handlers, type) ? this.#handlers[type] : undefined;
    if (handler !== undefined) {
      handler(exchange);
      return;
    }
    // To a type that it does not know ipykernel says nothing either.
    this.#publisher.busy(exchange);
    this.#publisher.idle(exchange);
  }

  #answer(exchange: Exchange, content: object): void {
    this.#publisher.answer(exchange, content);
  }

  /** There is nobody at the other end of a comm, and no way to tell the user's code. */
  #closeComm(exchange: Exchange): void {
    const { comm_id } = exchange.content();
    this.#publisher.busy(exchange);
    this.#publisher.publish('comm_close', { comm_id, data: {} }, exchange.parent);
    this.#publisher.idle(exchange);
  }

  async #execute(exchange: Exchange, request: Record<string, unknown>): Promise<void> {
    const { parent } = exchange;
    const silent = request.silent === true;
    const started = new Date().toISOString();
    const number = this.#count;
    if (!silent) {
      const input = { code: request.code, execution_count: number };
      this.#publisher.publish('execute_input', input, parent);
    }
    if (!silent && request.store_history !== false) {
      this.#history.add(number, String(request.code));
    }
    const answer = await this.calls.ask('execute', request, this.#publisher.eventsOf(parent));
    const { names, functions, ...reply } = answer;
    if (Array.isArray(names)) {
      this.#known = { ...this.#known, names: texts(names), functions: texts(functions) };
    }
    const last = typeof reply.execution_count === 'number' ? reply.execution_count : number;
    this.#count = last + 1;
    if (reply.status === 'error') {
      const { ename, evalue, traceback } = reply;
      this.#publisher.publish('error', { ename, evalue, traceback }, parent);
    }
    this.#publisher.reply(
      exchange,
      { user_expressions: {}, payload: [], ...reply, execution_count: last },
      {
        started,
        dependencies_met: true,
        engine: this.#publisher.session,
        status: reply.status,
      },
    );
  }

  async #interrupt(exchange: Exchange): Promise<void> {
    this.#publisher.busy(exchange);
    try {
      await this.calls.interrupt();
      this.#publisher.reply(exchange, { status: 'ok' });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#publisher.reply(exchange, errorReply(error));
    }
  }

  /**
   * Passes a request on to the helper, whose answer is the content of the reply. While the session
   * is busy the answer is what is known without it.
   */
  #askFor(exchange: Exchange, op: string, meanwhile: object): void {
    if (this.#load > 0) {
      this.#answer(exchange, meanwhile);
      return;
    }
    this.#queueExchange(exchange, async (content) => {
      const events = this.#publisher.eventsOf(exchange.parent);
      this.#publisher.reply(exchange, await this.calls.ask(op, content, events));
    });
  }

  #queueExchange(
    exchange: Exchange,
    task: (content: Record<string, unknown>) => Promise<void>,
  ): void {
    const content = exchange.content();
    this.#publisher.busy(exchange);
    this.#queue(() => task(content));
  }

  /** Runs a task when those before it are over. A failure that is not the user's ends the link. */
  #queue(task: () => Promise<void>): void {
    this.#load += 1;
    this.#waiting = this.#waiting.then(async () => {
      try {
        if (this.#end === undefined) await task();
      } catch (error) {
        this.#endWith(endAfter(error));
      } finally {
        this.#load -= 1;
      }
    });
  }

  #endWith(end: LinkEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#publisher.close();
    this.calls.stop();
    this.resume();
    for (const fail of this.#asking) fail(end);
    this.#finish(end);
  }
}

const NOTHING_FOUND = { status: 'ok', found: false, data: {}, metadata: {} };
const UNKNOWN = { status: 'unknown' };

function errorReply({ name: ename, message: evalue }: Error): object {
  return { status: 'error', ename, evalue, traceback: [`${ename}: ${evalue}`] };
}

function helperError({ ename, evalue, traceback }: HelperAnswer): SessionHelperError {
  return new SessionHelperError(String(ename), String(evalue), texts(traceback));
}

function ignoreEvent(): void {}
