import type { RawData, WebSocket } from 'ws';
import {
  type Channel,
  decodeWebSocketFrame,
  encodeWebSocketFrame,
  MalformedMessageError,
  ReceivedFrames,
  ResumeError,
  readLinkWord,
  SentFrames,
  type WireMessage,
} from '../jupyter/index.js';
import { type Attached, ignoreBeforeClose, openSocket } from './channel-socket.js';
import { LinkClosedError, LinkOpenError } from './errors.js';
import { HelperRequests } from './helper-requests.js';
import type { HelperReply, LinkEnd, MessageListener, SessionLink } from './link.js';
import { linkEnd, mayResume } from './link-end.js';
import { isRefused, reopen } from './reopen.js';

/**
 * Milliseconds without a sign of the server after which the connection counts as lost. The server
 * pings every 15 s, so that two pings in a row must have failed.
 */
const SILENCE_LIMIT = 40_000;

/** Milliseconds after which the server is told of what has been received, however little it is. */
const ACKNOWLEDGE_DELAY = 100;

/** Where a session's channel is and what to do with its messages. */
export interface ChannelOptions {
  /** Address of the server now, without a slash at its end. */
  baseUrl(): string;
  /**
   * Called when nothing listens at that address: finds a server that has moved, or starts the one
   * that is the user's own.
   * @throws {ClientError} when there is none.
   */
  findServer(): Promise<void>;
  readonly sessionId: string;
  /** What this client is called in lists of sessions. */
  readonly client?: string;
  /** PEM certificates of the authorities to trust, in place of the usual ones. */
  readonly ca?: string | undefined;
  /**
   * A token for the next connection; `refused` is the one that the server has just refused.
   * @throws {ClientError} when the user has to log in again.
   */
  accessToken(refused?: string): Promise<string>;
  readonly onMessage: MessageListener;
}

/**
 * Opens the WebSocket that carries a session's Jupyter messages; resolves when the server has
 * attached it to the session.
 * @throws {LinkOpenError} when the server refuses or does not answer.
 */
export function openChannel(options: ChannelOptions): Promise<SessionLink> {
  return connect(options, (socket, attached) => new ChannelLink(socket, attached, options));
}

/** Connects, once more with a new token when the first is refused. */
async function connect<T>(
  options: ChannelOptions,
  use: (socket: WebSocket, attached: Attached) => T,
  resume?: { link: string; received: number },
): Promise<T> {
  const { sessionId, client, ca } = options;
  const open = (accessToken: string) =>
    openSocket(
      {
        baseUrl: options.baseUrl(),
        sessionId,
        ca,
        accessToken,
        ...(client === undefined ? {} : { client }),
        ...(resume === undefined ? {} : { resume }),
      },
      use,
    );
  const token = await options.accessToken();
  try {
    return await open(token);
  } catch (error) {
    if (!(error instanceof LinkOpenError) || error.status !== 401) throw error;
    return await open(await options.accessToken(token));
  }
}

/** A session link that outlives its connections: after a cut it resumes where it was. */
class ChannelLink implements SessionLink {
  readonly sessionId: string;
  readonly python: string | undefined;
  readonly isPlain = false;
  readonly ended: Promise<LinkEnd>;
  readonly #options: ChannelOptions;
  readonly #helper = new HelperRequests();
  readonly #sent = new SentFrames();
  readonly #received = new ReceivedFrames();
  readonly #finish: (end: LinkEnd) => void;
  /** Aborted when the link ends, whatever it is doing. */
  readonly #ending = new AbortController();
  /** Names this link to the server; empty where the server cannot resume. */
  readonly #id: string;
  /** The connection, while there is one. */
  #socket: WebSocket | undefined;
  #silence: NodeJS.Timeout | undefined;
  /** Set while something waits to be acknowledged. */
  #acknowledging: NodeJS.Timeout | undefined;
  #isPaused = false;
  #end: LinkEnd | undefined;

  constructor(socket: WebSocket, attached: Attached, options: ChannelOptions) {
    this.#options = options;
    this.sessionId = options.sessionId;
    this.python = attached.python || undefined;
    this.#id = attached.link;
    this.#received.expect(attached.number + 1);
    const { promise, resolve } = Promise.withResolvers<LinkEnd>();
    this.ended = promise;
    this.#finish = resolve;
    this.#use(socket);
  }

  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? this.#sent.bytes;
  }

  send(channel: Channel, message: WireMessage): void {
    if (this.#end !== undefined) throw new LinkClosedError(this.#end);
    const frame = encodeWebSocketFrame(channel, message);
    if (this.#id !== '') this.#sent.add(frame);
    this.#socket?.send(frame);
  }

  ask(
    op: string,
    args: Record<string, unknown> = {},
    buffers: readonly Uint8Array[] = [],
  ): Promise<HelperReply> {
    return this.#helper.ask(op, args, buffers, (message) => this.send('shell', message));
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket?.resume();
  }

  async close(): Promise<void> {
    const end: LinkEnd = {
      reason: 'closed',
      message: 'The connection with the session was closed.',
    };
    if (this.#socket === undefined) {
      this.#endWith(end);
    } else {
      this.#end ??= end;
      this.#socket.resume();
      this.#socket.close(1000);
    }
    await this.ended;
  }

  #use(socket: WebSocket): void {
    this.#socket = socket;
    this.#silence = setTimeout(() => this.#onSilence(socket), SILENCE_LIMIT);
    this.#silence.unref();
    socket.on('ping', () => this.#silence?.refresh());
    socket.on('message', (data, isBinary) => this.#receive(socket, data, isBinary));
    socket.on('error', ignoreBeforeClose);
    socket.on('close', (code, reason) => this.#closed(code, reason.toString()));
    if (this.#isPaused) socket.pause();
  }

  #closed(code: number, reason: string): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#acknowledging);
    this.#acknowledging = undefined;
    this.#socket = undefined;
    if (this.#end !== undefined || this.#id === '' || !mayResume(code)) {
      this.#endWith(linkEnd(code, reason));
    } else {
      void this.#resume(linkEnd(code, reason));
    }
  }

  /** Connects again and goes on with the first frame that is missing on either side. */
  async #resume(cut: LinkEnd): Promise<void> {
    try {
      const again = () =>
        connect(this.#options, (socket, attached) => this.#goOn(socket, attached), {
          link: this.#id,
          received: this.#received.number,
        });
      await reopen(async () => {
        try {
          await again();
        } catch (error) {
          if (!isRefused(error)) throw error;
          await this.#options.findServer();
          await again();
        }
      }, this.#ending.signal);
    } catch (error) {
      this.#endWith(endAfter(error, cut));
    }
  }

  #goOn(socket: WebSocket, attached: Attached): void {
    if (this.#end !== undefined) {
      socket.on('error', ignoreBeforeClose);
      socket.terminate();
      return;
    }
    this.#sent.acknowledge(attached.received);
    this.#use(socket);
    for (const frame of this.#sent.unacknowledged()) socket.send(frame);
  }

  #endWith(end: LinkEnd): void {
    this.#end ??= end;
    this.#ending.abort();
    this.#helper.end(this.#end);
    this.#finish(this.#end);
  }

  #onSilence(socket: WebSocket): void {
    // While we do not read, nothing can be heard.
    if (socket.isPaused) this.#silence?.refresh();
    else socket.terminate();
  }

  #receive(socket: WebSocket, data: RawData, isBinary: boolean): void {
    this.#silence?.refresh();
    try {
      if (isBinary) this.#receiveFrame(socket, data as Buffer);
      else this.#receiveWord(data.toString());
    } catch (error) {
      if (!(error instanceof MalformedMessageError || error instanceof ResumeError)) throw error;
      this.#end = { reason: 'lost', message: `The server sent a broken frame: ${error.message}` };
      socket.terminate();
    }
  }

  #receiveFrame(socket: WebSocket, frame: Buffer): void {
    const { channel, message } = decodeWebSocketFrame(frame);
    if (this.#received.add(frame)) this.#acknowledge(socket);
    else if (this.#acknowledging === undefined) {
      this.#acknowledging = setTimeout(() => this.#acknowledge(socket), ACKNOWLEDGE_DELAY);
      this.#acknowledging.unref();
    }
    if (!this.#helper.take(channel, message)) this.#options.onMessage(channel, message);
  }

  #receiveWord(text: string): void {
    const word = readLinkWord(text);
    if (word?.type === 'received') this.#sent.acknowledge(word.count);
    else if (word?.type === 'next') this.#received.expect(word.number);
  }

  /** Says what has been received: the session keeps it until then, and waits when it is much. */
  #acknowledge(socket: WebSocket): void {
    clearTimeout(this.#acknowledging);
    this.#acknowledging = undefined;
    if (this.#id === '' || !this.#received.isBehind || socket !== this.#socket) return;
    socket.send(JSON.stringify({ type: 'received', count: this.#received.acknowledge() }));
  }
}

/** What became of a link that could not be resumed. */
function endAfter(error: unknown, cut: LinkEnd): LinkEnd {
  if (error instanceof LinkOpenError && error.sessionGone) {
    return { reason: 'session-ended', message: error.message };
  }
  const why = error instanceof Error ? ` ${error.message}` : '';
  return { reason: 'lost', message: `${cut.message}${why}` };
}
