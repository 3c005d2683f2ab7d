import {
  Agent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import {
  InvalidServerUrlError,
  RequestAbortedError,
  RequestTimeoutError,
  ServerUnreachableError,
} from './errors.js';

/** Bytes, or a function that opens the bytes anew each time the request has to be sent. */
export type RequestBody = Uint8Array | string | (() => AsyncIterable<Uint8Array>);

/** One HTTP request, relative to the address of the server. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Begins with `/`; its parts are percent-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly signal?: AbortSignal;
  /** Milliseconds without any byte from the server; absent for calls that may take for ever. */
  readonly timeout?: number;
}

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
 * @throws {ServerUnreachableError} when the connection breaks.
 * @throws {RequestTimeoutError} when the rest does not come in time.
 */
export async function readBody(answer: IncomingMessage, url: string): Promise<Buffer> {
  try {
    return await buffer(answer);
  } catch (cause) {
    if (cause instanceof RequestTimeoutError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ServerUnreachableError(url, code ?? message, { cause });
  }
}

/**
 * HTTP with connections that are kept open. It uses `node:http` and not `fetch`: the WebSocket of
 * the session link loads that module anyway, and a warm request takes half the time.
 */
export class HttpTransport {
  readonly #base: URL;
  readonly #agent: Promise<Agent>;

  /** @param ca PEM certificates to trust, in place of the usual authorities */
  constructor(
    readonly url: string,
    ca?: string,
  ) {
    this.#base = new URL(url);
    const options = { keepAlive: true, scheduling: 'lifo' } as const;
    const trust = ca === undefined ? {} : { ca };
    this.#agent =
      this.#base.protocol === 'https:'
        ? import('node:https').then((https) => new https.Agent({ ...options, ...trust }))
        : Promise.resolve(new Agent(options));
  }

  /**
   * Sends a request and resolves with the answer's head; its body is a stream that must be read.
   * @throws {ServerUnreachableError}
   * @throws {RequestTimeoutError}
   * @throws {RequestAbortedError}
   */
  async send(request: HttpRequest): Promise<IncomingMessage> {
    request.signal?.throwIfAborted();
    const agent = await this.#agent;
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
    const call = `${request.method} ${request.path}`;
    return new Promise((resolve, reject) => {
      let incoming: IncomingMessage | undefined;
      const outgoing = httpRequest(options, (answer) => {
        incoming = answer;
        resolve(answer);
      });
      if (request.timeout !== undefined) {
        const { timeout } = request;
        outgoing.setTimeout(timeout, () => {
          (incoming ?? outgoing).destroy(new RequestTimeoutError(this.url, call, timeout));
        });
      }
      outgoing.on('error', (error) => reject(this.#failure(error, request)));
      if (typeof request.body === 'function') {
        pipeline(Readable.from(request.body()), outgoing).catch((error: unknown) =>
          outgoing.destroy(error instanceof Error ? error : new Error(String(error))),
        );
      } else {
        outgoing.end(request.body);
      }
    });
  }

  /** Ends the connections that are kept open. */
  async close(): Promise<void> {
    (await this.#agent).destroy();
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
    return new ServerUnreachableError(this.url, error.code ?? error.message, { cause: error });
  }
}
