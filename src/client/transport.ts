import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connectionFailure } from './connection-failure.js';
import {
  AnswerTooLongError,
  ClientError,
  InvalidServerUrlError,
  RequestAbortedError,
  RequestTimeoutError,
} from './errors.js';

/** Bytes, or a function that opens the bytes anew each time the request has to be sent. */
export type RequestBody = Uint8Array | string | (() => AsyncIterable<Uint8Array>);

/** One HTTP request, relative to the address of the server. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Begins with `/`; its parts are percent-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly signal?: AbortSignal;
  /** Milliseconds until the whole answer is there; absent for calls that may take for ever. */
  readonly timeout?: number;
  /** Whether it may be sent again when it is not known if the first arrived. */
  readonly isRepeatable?: boolean;
}

/**
 * Milliseconds that a connection may have been idle when it carries a request that must not be
 * repeated. Servers and proxies close idle ones, and one that closes while the request is on its
 * way leaves open whether that was served.
 */
const FRESH = 1000;

/**
 * Checks the address of a server and takes the slash off its end.
 * @throws {InvalidServerUrlError}
 */
export function normaliseServerUrl(address: string): string {
  const url = URL.parse(address.includes('://') ? address : `http://${address}`);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    // What stands before the @ may be a password.
    const shown = address.replace(/^(.*\/\/)?.*@/s, '$1…@');
    throw new InvalidServerUrlError(
      `"${shown}" is not the address of a server. Write it as http://host:12800.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new InvalidServerUrlError(
      'The address of a server carries no user name or password: addresses are saved, logged and shown. Use --user; the password is asked for. If it was saved, change it.',
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw new InvalidServerUrlError(
      'The address of a server ends with its path: take off what follows the "?" or "#".',
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/**
 * The whole body of an answer.
 * @param of the call, for messages, and how many bytes its answer may have
 * @throws {ClientError} when the connection breaks, or the rest does not come in time.
 * @throws {AnswerTooLongError}
 */
export async function readBody(
  answer: IncomingMessage,
  url: string,
  of: { readonly call: string; readonly limit: number },
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of answer) {
      length += (piece as Buffer).byteLength;
      if (length > of.limit) throw new AnswerTooLongError(url, of.call, of.limit);
      pieces.push(piece as Buffer);
    }
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    throw connectionFailure(url, cause as NodeJS.ErrnoException);
  }
  return Buffer.concat(pieces);
}

/**
 * HTTP with connections that are kept open. It uses `node:http` and not `fetch`: the WebSocket of
 * the session link loads that module anyway, and a warm request takes half the time.
 */
export class HttpTransport {
  readonly #base: URL;
  readonly #agent: Promise<Agent>;
  /** Since when a connection that is kept open has been idle, by the monotonic clock. */
  readonly #freeSince = new WeakMap<Duplex, number>();

  /** @param ca PEM certificates to trust, in place of the usual authorities */
  constructor(
    readonly url: string,
    ca?: string,
  ) {
    this.#base = new URL(url);
    const options = { keepAlive: true, scheduling: 'lifo' } as const;
    const trust = ca === undefined ? {} : { ca };
    const agent: Promise<Agent> =
      this.#base.protocol === 'https:'
        ? import('node:https').then((https) => new https.Agent({ ...options, ...trust }))
        : Promise.resolve(new Agent(options));
    this.#agent = agent.then((made) =>
      made.on('free', (socket: Duplex) => this.#freeSince.set(socket, performance.now())),
    );
  }

  /**
   * Sends a request and resolves with the answer's head; its body is a stream that must be read.
   * @throws {ServerUnreachableError} {NotAnRServerError} {UntrustedCertificateError}
   * @throws {RequestTimeoutError}
   * @throws {RequestAbortedError}
   */
  async send(request: HttpRequest): Promise<IncomingMessage> {
    request.signal?.throwIfAborted();
    const agent = await this.#agent;
    const isRepeatable = request.isRepeatable ?? request.method === 'GET';
    if (!isRepeatable) this.#dropIdle(agent, FRESH);
    const first = await this.#attempt(agent, request);
    if (!(first instanceof StaleConnection)) return first.answer;
    if (!isRepeatable) throw this.#failure(first.error, request);
    // The others have been idle for as long.
    this.#dropIdle(agent, 0);
    const second = await this.#attempt(agent, request);
    if (second instanceof StaleConnection) throw this.#failure(second.error, request);
    return second.answer;
  }

  /** Ends the connections that are kept open. */
  async close(): Promise<void> {
    (await this.#agent).destroy();
  }

  #attempt(
    agent: Agent,
    request: HttpRequest,
  ): Promise<{ answer: IncomingMessage } | StaleConnection> {
    const options: RequestOptions = {
      agent,
      protocol: this.#base.protocol,
      hostname: this.#base.hostname.replace(/^\[|\]$/g, ''),
      port: this.#base.port,
      path: `${this.#base.pathname.replace(/\/+$/, '')}${request.path}`,
      method: request.method,
      headers: { ...request.headers },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    };
    return new Promise((resolve, reject) => {
      let incoming: IncomingMessage | undefined;
      const outgoing = httpRequest(options, (answer) => {
        incoming = answer;
        answer.once('close', () => clearTimeout(timer));
        resolve({ answer });
      });
      const { timeout } = request;
      const timer =
        timeout === undefined
          ? undefined
          : setTimeout(() => {
              const call = `${request.method} ${request.path.split('?', 1)[0]}`;
              (incoming ?? outgoing).destroy(new RequestTimeoutError(this.url, call, timeout));
            }, timeout);
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        const isStale = outgoing.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(error.code ?? '');
        if (isStale && !request.signal?.aborted) resolve(new StaleConnection(error));
        else reject(this.#failure(error, request));
      });
      if (typeof request.body === 'function') {
        pipeline(Readable.from(request.body()), outgoing).catch((error: unknown) =>
          outgoing.destroy(error instanceof Error ? error : new Error(String(error))),
        );
      } else {
        outgoing.end(request.body);
      }
    });
  }

  /** Closes the connections that have been idle for longer than that, in milliseconds. */
  #dropIdle(agent: Agent, longest: number): void {
    const now = performance.now();
    for (const socket of Object.values(agent.freeSockets).flat()) {
      if (socket !== undefined && now - (this.#freeSince.get(socket) ?? 0) >= longest) {
        socket.destroy();
      }
    }
  }

  #failure(error: NodeJS.ErrnoException, request: HttpRequest): Error {
    if (error instanceof RequestTimeoutError) return error;
    if (request.signal?.aborted) {
      return new RequestAbortedError(
        `The call ${request.method} ${request.path} was interrupted.`,
        {
          cause: error,
        },
      );
    }
    return connectionFailure(this.url, error);
  }
}

/** A connection that was kept open and turned out to be closed by the other side. */
class StaleConnection {
  constructor(readonly error: NodeJS.ErrnoException) {}
}
