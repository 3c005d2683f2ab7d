import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  CLIENT_HEADER,
  LINK_HEADER,
  NEW_LINK,
  RECEIVED_HEADER,
  WEBSOCKET_SUBPROTOCOL,
} from '../../jupyter/index.js';
import { bearerToken } from '../bearer.js';
import type { ServerContext } from '../context.js';
import { ApiError } from '../errors.js';
import { LoginWatch } from '../login-watch.js';
import { refuseReader } from '../reader-limits.js';
import {
  type Arrival,
  CLOSE_CODES,
  SessionGoneError,
  SessionNotFoundError,
  SessionSilentError,
  truncateReason,
} from '../sessions/index.js';

/** `GET /sessions/{id}/channels`, where a session's Jupyter messages are. */
const PATH = /^\/sessions\/([^/]+)\/channels\/?$/i;

/** Bytes of one message; outputs can be that large. */
const MAX_PAYLOAD = 1024 ** 3;

/** Milliseconds that a peer has to answer a close before its connection is cut. */
const CLOSE_DEADLINE = 500;

/**
 * The route that R Server did not have: a WebSocket of Jupyter messages, by which a kernel attaches
 * to a session. A client that proves who it is always gets the WebSocket, and a close code with a
 * sentence when the session is not there.
 */
export async function channelRoutes(app: FastifyInstance, context: ServerContext): Promise<void> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_PAYLOAD,
    // With compression a round trip takes six times as long.
    perMessageDeflate: false,
    handleProtocols: () => WEBSOCKET_SUBPROTOCOL,
  });

  const logins = new LoginWatch(context.auth, (error) =>
    context.log.error({ err: error }, 'The logins of open channels could not be checked.'),
  );

  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    accept(request, socket, head).catch((error: unknown) => {
      if (!(error instanceof ApiError)) {
        context.log.error({ err: error }, 'A channel could not be opened.');
      }
      refuse(socket, error);
    });
  });

  app.route({
    method: 'GET',
    url: '/sessions/:id/channels',
    schema: { hide: true },
    handler: async () => {
      throw new UpgradeRequiredError();
    },
  });

  app.addHook('preClose', async () => {
    logins.close();
    const closing = [...sockets.clients].map((socket) => closeSocket(socket));
    await Promise.all(closing);
  });

  async function accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const id = PATH.exec(path)?.[1];
    if (id === undefined) throw new NoChannelError(path);
    const token = bearerToken(request.headers.authorization, context.auth.advice);
    const user = await context.auth.authenticate(token);
    refuseReader(user);
    const offered = request.headers['sec-websocket-protocol']?.split(',') ?? [];
    if (!offered.some((protocol) => protocol.trim() === WEBSOCKET_SUBPROTOCOL)) {
      throw new SubprotocolError();
    }
    request.socket.setNoDelay(true);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      logins.add(webSocket, token);
      try {
        context.sessions.find(user, decodePart(id)).attach({
          socket: webSocket,
          stream: socket,
          client: readClient(request),
          ...readLink(request),
        });
      } catch (error) {
        webSocket.close(...reasonOf(error));
      }
    });
  }
}

/**
 * How a kernel is told that it cannot attach.
 * @throws the error when it is none of a session's.
 */
function reasonOf(error: unknown): [code: number, reason: string] {
  if (error instanceof SessionGoneError) {
    return [CLOSE_CODES.sessionEnded, truncateReason(error.reason)];
  }
  if (error instanceof SessionNotFoundError) {
    return [CLOSE_CODES.unknownSession, truncateReason(error.message)];
  }
  if (error instanceof SessionSilentError) {
    return [CLOSE_CODES.tryAgain, truncateReason(error.message)];
  }
  throw error;
}

/** Whether a kernel wants a link that can be resumed, and which one it comes to resume. */
function readLink({ headers }: IncomingMessage): Pick<Arrival, 'isResumable' | 'resume'> {
  const link = headers[LINK_HEADER];
  if (typeof link !== 'string') return { isResumable: false };
  if (link === NEW_LINK) return { isResumable: true };
  return { isResumable: true, resume: { link, received: Number(headers[RECEIVED_HEADER]) } };
}

/** What a kernel calls itself; nothing hangs on it. */
function readClient({ headers }: IncomingMessage): string {
  const name = headers[CLIENT_HEADER];
  if (typeof name !== 'string') return 'a client without a name';
  return Buffer.from(name, 'base64url').toString().slice(0, 200);
}

/** Percent-decodes a part of a path; one that cannot be decoded names nothing. */
function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new SessionNotFoundError(part, { cause: error });
  }
}

/** Answers an upgrade that is not granted, as every other failure is answered. */
function refuse(socket: Duplex, error: unknown): void {
  const failure =
    error instanceof ApiError
      ? error
      : { statusCode: 500, code: 'INTERNAL', message: 'The server failed.', headers: {} };
  const body = JSON.stringify({
    message: failure.message,
    link: '',
    exceptionType: failure.code,
  });
  const headers = Object.entries(failure.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${failure.statusCode} Refused\r\n${headers.join('')}content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Closes a connection when the server stops, and cuts it when the peer does not answer. */
function closeSocket(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => socket.terminate(), CLOSE_DEADLINE);
    socket.once('close', () => {
      clearTimeout(deadline);
      resolve();
    });
    socket.close(CLOSE_CODES.serverStops, 'The server is shutting down.');
  });
}

/** Thrown for a plain request where a WebSocket is served. */
class UpgradeRequiredError extends ApiError {
  readonly statusCode = 426;
  readonly code = 'UPGRADE_REQUIRED';
  override readonly name = 'UpgradeRequiredError';
  override readonly headers = { upgrade: 'websocket' };

  constructor() {
    super('This route is a WebSocket: connect to it with a WebSocket client.');
  }
}

/** Thrown for an upgrade of a path that is no channel. */
class NoChannelError extends ApiError {
  readonly statusCode = 404;
  readonly code = 'ROUTE_NOT_FOUND';
  override readonly name = 'NoChannelError';

  constructor(path: string) {
    super(
      `There is no WebSocket at ${path.slice(0, 200)}. The channel of a session is at /sessions/{id}/channels.`,
    );
  }
}

/** Thrown for a client that does not speak the framing of Jupyter messages. */
class SubprotocolError extends ApiError {
  readonly statusCode = 400;
  readonly code = 'SUBPROTOCOL';
  override readonly name = 'SubprotocolError';

  constructor() {
    super(`Connect with the WebSocket subprotocol ${WEBSOCKET_SUBPROTOCOL}.`);
  }
}
