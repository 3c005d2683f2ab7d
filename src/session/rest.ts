import { userInfo } from 'node:os';
import { v4 as uuid } from 'uuid';
import type { JsonValue } from '../api/index.js';
import { ClientError, type RServerClient } from '../client/index.js';
import {
  type Channel,
  createHeader,
  createMessage,
  decodeDict,
  decodeHeader,
  EMPTY_DICT,
  encodeDict,
  MalformedMessageError,
  type WireMessage,
} from '../jupyter/index.js';
import { LinkClosedError, LinkOpenError, SessionHelperError } from './errors.js';
import type { HelperReply, LinkEnd, MessageListener, SessionLink } from './link.js';
import { completeFromNames, type KnownSession, kernelInfo, noDebugger } from './rest-answers.js';
import {
  type EventListener,
  type HelperAnswer,
  isSessionGone,
  RequestLostError,
  RestCalls,
} from './rest-call.js';
import { CellHistory } from './rest-history.js';
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
    return new RestLink(options, calls, readInfo(answer.result));
  } catch (error) {
    if (isSessionGone(error)) {
      throw new LinkOpenError((error as Error).message, 404, { cause: error });
    }
    if (!(error instanceof SessionHelperError)) throw error;
    throw new LinkOpenError(
      `The session cannot run the kernel's helper, which needs Python 3.5 or newer: ${error.evalue}`,
      500,
      { cause: error },
    );
  }
}

/** A request that the session serves, in its turn. */
type Task = () => Promise<void>;

/** Makes a session that only runs code look like a Jupyter kernel. */
class RestLink implements SessionLink {
  readonly sessionId: string;
  readonly isPlain = true;
  readonly isConnected = true;
  readonly bufferedAmount = 0;
  readonly ended: Promise<LinkEnd>;
  readonly #session = uuid();
  readonly #username = userInfo().username;
  readonly #history = new CellHistory();
  readonly #finish: (end: LinkEnd) => void;
  #known: KnownSession;
  /** The number that the next cell gets. */
  #count: number;
  #waiting: Promise<void> = Promise.resolve();
  /** How many requests the session has to serve. */
  #load = 0;
  #release: (() => void) | undefined;
  #end: LinkEnd | undefined;

  constructor(
    private readonly options: RestOptions,
    private readonly calls: RestCalls,
    info: { known: KnownSession; count: number },
  ) {
    this.sessionId = options.sessionId;
    this.#known = info.known;
    this.#count = info.count;
    const { promise, resolve } = Promise.withResolvers<LinkEnd>();
    this.ended = promise;
    this.#finish = resolve;
  }

  get python(): string {
    return this.#known.python;
  }

  send(channel: Channel, message: WireMessage): void {
    if (this.#end !== undefined) throw new LinkClosedError(this.#end);
    if (channel !== 'shell' && channel !== 'control') return;
    const exchange = { channel, message, type: decodeHeader(message.header).msg_type };
    // An answer that is known at once must not come before the caller waits for it.
    queueMicrotask(() => this.#serve(exchange));
  }

  ask(op: string, args: Record<string, unknown> = {}): Promise<HelperReply> {
    if (this.#end !== undefined) return Promise.reject(new LinkClosedError(this.#end));
    const header = createHeader('slipway_request', this.#session, this.#username);
    const parent = encodeDict(header);
    const { promise, resolve, reject } = Promise.withResolvers<HelperReply>();
    void this.ended.then((end) => reject(new LinkClosedError(end)));
    this.#queue(async () => {
      const modules = op === 'describe_function' ? { modules: await publishingSources() } : {};
      const answer = await this.calls.ask(op, { ...args, ...modules }, this.#publisher(parent));
      const result = Object(answer.result) as { [key: string]: JsonValue };
      if (answer.status !== 'ok') reject(helperError(answer));
      if (typeof result.executionCount === 'number') this.#count = result.executionCount;
      resolve({ result, buffers: [] });
    });
    return promise;
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
      const { name: ename, message: evalue } = error;
      this.#answer(exchange, { status: 'error', ename, evalue, traceback: [evalue] });
    }
  }

  #dispatch(exchange: Exchange): void {
    const { message, type } = exchange;
    const isFree = this.#load === 0;
    switch (type) {
      case 'execute_request':
        this.#queued(exchange, () => this.#execute(exchange));
        break;
      case 'complete_request':
        if (isFree) this.#askFor(exchange, 'complete');
        else this.#answer(exchange, completeFromNames(message.content, this.#known));
        break;
      case 'inspect_request':
        if (isFree) this.#askFor(exchange, 'inspect');
        else this.#answer(exchange, { status: 'ok', found: false, data: {}, metadata: {} });
        break;
      case 'is_complete_request':
        if (isFree) this.#askFor(exchange, 'is_complete');
        else this.#answer(exchange, { status: 'unknown' });
        break;
      case 'history_request':
        this.#answer(exchange, this.#history.answer(contentOf(message)));
        break;
      case 'kernel_info_request':
        this.#answer(exchange, kernelInfo(this.#known));
        break;
      case 'comm_info_request':
        this.#answer(exchange, { status: 'ok', comms: {} });
        break;
      case 'interrupt_request':
        void this.#interrupt(exchange);
        break;
      case 'slipway_request':
        this.#answer(exchange, this.#knownNames(contentOf(message).op));
        break;
      case 'debug_request':
        this.#answer(exchange, noDebugger(message.content));
        break;
      case 'comm_open':
        this.#status(message.header, 'busy');
        // There is nobody at the other end, and no way to tell the user's code.
        this.#publish(
          'comm_close',
          { comm_id: contentOf(message).comm_id, data: {} },
          message.header,
        );
        this.#status(message.header, 'idle');
        break;
      default:
        // As ipykernel does for types that it does not know.
        this.#status(message.header, 'busy');
        this.#status(message.header, 'idle');
    }
  }

  /** Answers what completion asks of sessions beside their cells. */
  #knownNames(op: unknown): object {
    const { names, functions } = this.#known;
    if (op === 'workspace_list') return { status: 'ok', result: { names, functions } };
    const evalue = `A session of this server cannot be asked for ${String(op)} beside its cells.`;
    return { status: 'error', ename: 'NotSupportedByServerError', evalue, traceback: [evalue] };
  }

  async #execute(exchange: Exchange): Promise<void> {
    const { header } = exchange.message;
    const request = contentOf(exchange.message);
    const silent = request.silent === true;
    const stores = !silent && request.store_history !== false;
    const started = new Date().toISOString();
    const number = this.#count;
    if (!silent) {
      const input = { code: request.code, execution_count: number };
      this.#publish('execute_input', input, header);
    }
    if (stores) this.#history.add(number, String(request.code));
    const answer = await this.calls.ask('execute', request, this.#publisher(header));
    const { names, functions, ...reply } = answer;
    if (Array.isArray(names)) {
      this.#known = { ...this.#known, names: texts(names), functions: texts(functions) };
    }
    const last = typeof reply.execution_count === 'number' ? reply.execution_count : number;
    this.#count = last + 1;
    if (reply.status === 'error') {
      const { ename, evalue, traceback } = reply;
      this.#publish('error', { ename, evalue, traceback }, header);
    }
    this.#reply(
      exchange,
      { user_expressions: {}, payload: [], ...reply, execution_count: last },
      { started, dependencies_met: true, engine: this.#session, status: reply.status },
    );
  }

  async #interrupt(exchange: Exchange): Promise<void> {
    this.#status(exchange.message.header, 'busy');
    try {
      await this.calls.interrupt();
      this.#reply(exchange, { status: 'ok' });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      const { name: ename, message: evalue } = error;
      this.#reply(exchange, { status: 'error', ename, evalue, traceback: [evalue] });
    }
  }

  /** Passes a request on to the helper, whose answer is the content of the reply. */
  #askFor(exchange: Exchange, op: string): void {
    const { message } = exchange;
    this.#queued(exchange, async () => {
      const answer = await this.calls.ask(op, contentOf(message), this.#publisher(message.header));
      this.#reply(exchange, answer);
    });
  }

  #queued({ message }: Exchange, task: Task): void {
    this.#status(message.header, 'busy');
    this.#queue(task);
  }

  /** Runs a task when those before it are over. A failure that is not the user's ends the link. */
  #queue(task: Task): void {
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
    this.resume();
    this.#finish(end);
  }

  #publisher(parent: Uint8Array): EventListener {
    return (event) => {
      if (event.kind === 'message') {
        this.#publish(event.type, event.content, parent);
      } else if (event.kind === 'stream') {
        this.#publish('stream', { name: event.name, text: event.text }, parent);
      } else {
        const text = '[some of the output is missing: the server has not kept it]\n';
        this.#publish('stream', { name: 'stderr', text }, parent);
      }
    };
  }

  #status(parent: Uint8Array, state: 'busy' | 'idle'): void {
    this.#publish('status', { execution_state: state }, parent);
  }

  /** Answers a request that the session need not be asked for. */
  #answer(exchange: Exchange, content: object): void {
    this.#status(exchange.message.header, 'busy');
    this.#reply(exchange, content);
  }

  /** Answers a request that has begun, and ends it. */
  #reply({ channel, message, type }: Exchange, content: object, metadata?: object): void {
    const reply = type.replace(/_request$/, '_reply');
    this.#emit(channel, reply, content, message.header, metadata);
    this.#status(message.header, 'idle');
  }

  #publish(type: string, content: object, parent: Uint8Array): void {
    this.#emit('iopub', type, content, parent);
  }

  #emit(
    channel: Channel,
    type: string,
    content: object,
    parent: Uint8Array,
    metadata?: object,
  ): void {
    if (this.#end !== undefined) return;
    const header = createHeader(type, this.#session, this.#username);
    this.options.onMessage(channel, {
      ...createMessage(header, content, { parent }),
      metadata: metadata === undefined ? EMPTY_DICT : encodeDict(metadata),
    });
  }
}

/** A request and what it is. */
interface Exchange {
  readonly channel: Channel;
  readonly message: WireMessage;
  readonly type: string;
}

function contentOf(message: WireMessage): Record<string, unknown> {
  return decodeDict(message.content, 'content of a request');
}

function readInfo(value: unknown): { known: KnownSession; count: number } {
  const info = Object(value) as Record<string, unknown>;
  return {
    known: {
      python: String(info.python),
      hasIPython: info.ipython === true,
      banner: String(info.banner),
      names: texts(info.names),
      functions: texts(info.functions),
    },
    count: typeof info.executionCount === 'number' ? info.executionCount : 1,
  };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function helperError({ ename, evalue, traceback }: HelperAnswer): SessionHelperError {
  const lines = Array.isArray(traceback) ? traceback.map(String) : [];
  return new SessionHelperError(String(ename), String(evalue), lines);
}

/** What a failure of a call means for the link. */
function endAfter(error: unknown): LinkEnd {
  const message = error instanceof Error ? error.message : String(error);
  if (isSessionGone(error)) return { reason: 'session-ended', message };
  if (error instanceof ClientError || error instanceof RequestLostError) {
    return { reason: 'lost', message };
  }
  return { reason: 'lost', message: `The session gave no proper answer: ${message}` };
}

function ignoreEvent(): void {}
