import { type RawData, WebSocket } from 'ws';
import {
  CLIENT_HEADER,
  LINK_HEADER,
  type LinkWord,
  NEW_LINK,
  RECEIVED_HEADER,
  readLinkWord,
  WEBSOCKET_SUBPROTOCOL,
} from '../jupyter/index.js';
import { LinkOpenError } from './errors.js';
import { linkEnd } from './link-end.js';

/** Bytes; an output may be that large, and a frame holds a whole message. */
const MAX_FRAME = 1024 ** 3;
/** Milliseconds for the upgrade and for the server's first word. */
const OPEN_TIMEOUT = 30_000;

/** Which channel to connect with. */
export interface SocketOptions {
  /** Address of the server, without a slash at its end. */
  readonly baseUrl: string;
  readonly sessionId: string;
  /** Goes into a header, never into the URL. */
  readonly accessToken: string;
  /** What this client is called in lists of sessions. */
  readonly client?: string;
  /** PEM certificates of the authorities to trust, in place of the usual ones. */
  readonly ca?: string | undefined;
  /** The link to resume, and how many of its frames have been received. */
  readonly resume?: { readonly link: string; readonly received: number };
}

/** The server's first word on a connection. */
export type Attached = LinkWord & { readonly type: 'attached' };

/**
 * Opens one WebSocket to a session's channel.
 * @param use takes the connection over as soon as the server has attached it. It is called before
 *   anything else is read, since the next messages may have come together with the first word.
 * @returns what `use` returns.
 * @throws {LinkOpenError} when the server refuses or does not answer, and what `use` throws.
 */
export function openSocket<T>(
  options: SocketOptions,
  use: (socket: WebSocket, attached: Attached) => T,
): Promise<T> {
  const url = new URL(
    `${options.baseUrl}/sessions/${encodeURIComponent(options.sessionId)}/channels`,
  );
  url.protocol = url.protocol.replace('http', 'ws');
  const { resume, client = 'Slipway kernel' } = options;
  const socket = new WebSocket(url, WEBSOCKET_SUBPROTOCOL, {
    headers: {
      Authorization: `Bearer ${options.accessToken}`,
      [CLIENT_HEADER]: Buffer.from(client).toString('base64url'),
      ...(resume === undefined
        ? { [LINK_HEADER]: NEW_LINK }
        : { [LINK_HEADER]: resume.link, [RECEIVED_HEADER]: String(resume.received) }),
    },
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    handshakeTimeout: OPEN_TIMEOUT,
  });
  // Without this a trivial cell takes 48 ms instead of 8: Nagle's algorithm waits for an ACK.
  socket.on('upgrade', (response) => response.socket.setNoDelay(true));
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
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
    socket.once('message', (data: RawData, isBinary) => {
      const word = isBinary ? undefined : readLinkWord(data.toString());
      if (word?.type !== 'attached') {
        fail(new LinkOpenError(`What answers at ${options.baseUrl} is not a session channel.`));
        return;
      }
      clearTimeout(timer);
      socket.removeAllListeners();
      try {
        resolve(use(socket, word));
      } catch (error) {
        fail(error);
      }
    });
  });
}

/** For `error` events: `close` follows each, with the code that tells what it means. */
export function ignoreBeforeClose(): void {}

function refusal(
  options: SocketOptions,
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

function unreachable(options: SocketOptions, error: Error): LinkOpenError {
  return new LinkOpenError(
    `The session's channel at ${options.baseUrl} cannot be opened: ${error.message}.`,
    undefined,
    { cause: error },
  );
}

function earlyClose(code: number, reason: string): LinkOpenError {
  return new LinkOpenError(reason || linkEnd(code, reason).message, code);
}
