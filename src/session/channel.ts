import { type RawData, WebSocket } from 'ws';
import {
  type Channel,
  decodeWebSocketFrame,
  encodeWebSocketFrame,
  MalformedMessageError,
  WEBSOCKET_SUBPROTOCOL,
  type WireMessage,
} from '../jupyter/index.js';
import { LinkClosedError, LinkOpenError } from './errors.js';
import { HelperRequests } from './helper-requests.js';
import type { HelperReply, LinkEnd, MessageListener, SessionLink } from './link.js';

/** Bytes; an output may be that large, and a frame holds a whole message. */
const MAX_FRAME = 1024 ** 3;
/** Milliseconds for the upgrade and for the server's first word. */
const OPEN_TIMEOUT = 30_000;
/**
 * Milliseconds without a sign of the server after which the connection counts as lost. The server
 * pings every 15 s, so that two pings in a row must have failed.
 */
const SILENCE_LIMIT = 40_000;

/** Where a session's channel is and what to do with its messages. */
export interface ChannelOptions {
  /** Address of the server, without a slash at its end. */
  readonly baseUrl: string;
  readonly sessionId: string;
  /** Goes into a header, never into the URL. */
  readonly accessToken: string;
  readonly onMessage: MessageListener;
}

/**
 * Opens the WebSocket that carries a session's Jupyter messages; resolves when the server has
 * attached it to the session.
 * @throws {LinkOpenError} when the server refuses or does not answer.
 */
export function openChannel(options: ChannelOptions): Promise<SessionLink> {
  const url = new URL(
    `${options.baseUrl}/sessions/${encodeURIComponent(options.sessionId)}/channels`,
  );
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url, WEBSOCKET_SUBPROTOCOL, {
    headers: { Authorization: `Bearer ${options.accessToken}` },
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    handshakeTimeout: OPEN_TIMEOUT,
  });
  // Without this a trivial cell takes 48 ms instead of 8: Nagle's algorithm waits for an ACK.
  socket.on('upgrade', (response) => response.socket.setNoDelay(true));
  return new Promise((resolve, reject) => {
    const fail = (error: LinkOpenError) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', ignoreBeforeClose);
      socket.terminate();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new LinkOpenError(`The server at ${options.baseUrl} did not attach the session.`)),
      OPEN_TIMEOUT,
    );
    socket.on('unexpected-response', (_request, response) => fail(refusal(options, response)));
    socket.on('error', (error) => fail(unreachable(options, error)));
    socket.on('close', (code, reason) => fail(earlyClose(code, reason.toString())));
    socket.once('message', (data, isBinary) => {
      const python = isBinary ? null : attachedPython(data);
      if (python === null) {
        fail(new LinkOpenError(`What answers at ${options.baseUrl} is not a session channel.`));
        return;
      }
      clearTimeout(timer);
      socket.removeAllListeners();
      resolve(new ChannelLink(socket, options, python));
    });
  });
}

/** A session link over an open WebSocket. */
class ChannelLink implements SessionLink {
  readonly sessionId: string;
  readonly ended: Promise<LinkEnd>;
  readonly #helper = new HelperRequests();
  readonly #silence: NodeJS.Timeout;
  #end: LinkEnd | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly options: ChannelOptions,
    readonly python: string | undefined,
  ) {
    this.sessionId = options.sessionId;
    this.#silence = setTimeout(() => this.#onSilence(), SILENCE_LIMIT);
    this.#silence.unref();
    socket.on('ping', () => this.#silence.refresh());
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.ended = new Promise((resolve) => {
      socket.on('error', ignoreBeforeClose);
      socket.on('close', (code, reason) => {
        clearTimeout(this.#silence);
        this.#end ??= linkEnd(code, reason.toString());
        this.#helper.end(this.#end);
        resolve(this.#end);
      });
    });
  }

  get bufferedAmount(): number {
    return this.socket.bufferedAmount;
  }

  send(channel: Channel, message: WireMessage): void {
    if (this.#end !== undefined) throw new LinkClosedError(this.#end);
    if (this.socket.readyState !== WebSocket.OPEN) {
      throw new LinkClosedError(linkEnd(1006, ''));
    }
    this.socket.send(encodeWebSocketFrame(channel, message));
  }

  ask(
    op: string,
    args: Record<string, unknown> = {},
    buffers: readonly Uint8Array[] = [],
  ): Promise<HelperReply> {
    return this.#helper.ask(op, args, buffers, (message) => this.send('shell', message));
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  async close(): Promise<void> {
    this.#end ??= { reason: 'closed', message: 'The connection with the session was closed.' };
    this.socket.resume();
    this.socket.close(1000);
    await this.ended;
  }

  #onSilence(): void {
    // While we do not read, nothing can be heard.
    if (this.socket.isPaused) this.#silence.refresh();
    else this.socket.terminate();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#silence.refresh();
    // Text frames are words of the server about the link; after `attached` none concerns us.
    if (!isBinary) return;
    try {
      const { channel, message } = decodeWebSocketFrame(data as Buffer);
      if (!this.#helper.take(channel, message)) this.options.onMessage(channel, message);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.#end = { reason: 'lost', message: `The server sent a broken frame: ${error.message}` };
      this.socket.terminate();
    }
  }
}

function linkEnd(code: number, reason: string): LinkEnd {
  if (code === 4404 || code === 4410) {
    return { reason: 'session-ended', message: reason || 'The session has ended.' };
  }
  if (code === 1009) {
    return { reason: 'lost', message: 'A message was larger than the server takes (1 GiB).' };
  }
  if (code === 4401) {
    return { reason: 'lost', message: 'The login at the server has expired.' };
  }
  const why = code === 1001 || code === 1012 ? 'The server went away' : 'The connection broke';
  return { reason: 'lost', message: `${why} while the session was in use.` };
}

/** The version of Python in the server's first frame, undefined without one, null when it is wrong. */
function attachedPython(data: RawData): string | undefined | null {
  let frame: unknown;
  try {
    frame = JSON.parse(data.toString());
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (typeof frame !== 'object' || frame === null) return null;
  const { type, python } = frame as Record<string, unknown>;
  if (type !== 'attached') return null;
  return typeof python === 'string' ? python : undefined;
}

function refusal(
  options: ChannelOptions,
  response: { statusCode?: number | undefined },
): LinkOpenError {
  const status = response.statusCode ?? 0;
  const sentences: Readonly<Record<number, string>> = {
    401: `The server at ${options.baseUrl} refused the login. Log in again with %connect.`,
    404: `The server at ${options.baseUrl} has no session ${options.sessionId}; it has been closed or has expired.`,
    410: `The session ${options.sessionId} has ended.`,
  };
  return new LinkOpenError(
    sentences[status] ??
      `The server at ${options.baseUrl} answered ${status} instead of opening the session's channel.`,
    status,
  );
}

function unreachable(options: ChannelOptions, error: Error): LinkOpenError {
  return new LinkOpenError(
    `The session's channel at ${options.baseUrl} cannot be opened: ${error.message}.`,
    undefined,
    { cause: error },
  );
}

function earlyClose(code: number, reason: string): LinkOpenError {
  return new LinkOpenError(reason || linkEnd(code, reason).message, code);
}

// `close` follows every `error`, with the code that tells what it means for the session.
function ignoreBeforeClose(): void {}
