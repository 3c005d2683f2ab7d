import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { ServerUnreachableError } from '../../../src/client/index.js';
import {
  type ChannelMessage,
  createHeader,
  createMessage,
  decodeDict,
  decodeHeader,
  decodeWebSocketFrame,
  encodeWebSocketFrame,
  WEBSOCKET_SUBPROTOCOL,
  type WireMessage,
} from '../../../src/jupyter/index.js';
import { openChannel } from '../../../src/session/channel.js';
import {
  LinkClosedError,
  LinkOpenError,
  SessionHelperError,
  type SessionLink,
} from '../../../src/session/index.js';

const http = createServer();
let sockets: WebSocketServer;
let baseUrl: string;
let upgrade: IncomingMessage | undefined;
let received: ChannelMessage[];
let links: SessionLink[];

const nowhere = () => Promise.reject(new ServerUnreachableError(baseUrl, 'ECONNREFUSED', {}));

beforeEach(async () => {
  upgrade = undefined;
  received = [];
  links = [];
  sockets = new WebSocketServer({ noServer: true, handleProtocols: () => WEBSOCKET_SUBPROTOCOL });
  http.removeAllListeners('upgrade');
  http.on('upgrade', (request, socket, head) => {
    upgrade = request;
    sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws));
  });
  if (!http.listening) {
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
  }
  baseUrl = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const link of links) await link.close();
  for (const client of sockets.clients) client.terminate();
  http.close();
  await once(http, 'close');
});

/** A link, the server's end of it, and what the link hands on. */
async function open(attached: object | string = { type: 'attached', python: '3.11.7' }) {
  const connected = new Promise<WebSocket>((resolve) => {
    sockets.once('connection', (socket: WebSocket) => {
      socket.on('message', (data: Buffer) => received.push(decodeWebSocketFrame(data)));
      socket.send(typeof attached === 'string' ? attached : JSON.stringify(attached));
      resolve(socket);
    });
  });
  const heard: ChannelMessage[] = [];
  const link = await openChannel({
    baseUrl: () => baseUrl,
    findServer: nowhere,
    sessionId: 'a/b',
    accessToken: async () => 'secret',
    onMessage: (channel, message) => heard.push({ channel, message }),
  });
  links.push(link);
  return { link, server: await connected, heard };
}

const say = (server: WebSocket, channel: ChannelMessage['channel'], message: WireMessage) =>
  server.send(encodeWebSocketFrame(channel, message));

const answer = (type: string, content: object, parent: Uint8Array, buffers: Uint8Array[] = []) =>
  createMessage(createHeader(type, 'session', 'u'), content, { parent, buffers });

async function nextRequest(server: WebSocket): Promise<WireMessage> {
  if (received.length === 0) await once(server, 'message');
  return (received.shift() as ChannelMessage).message;
}

describe('the channel to a session', () => {
  it('sends the token in a header and names no secret in the URL', async () => {
    await open();
    expect(upgrade?.headers.authorization).toBe('Bearer secret');
    expect(upgrade?.url).toBe('/sessions/a%2Fb/channels');
  });

  it('does not compress', async () => {
    const { server } = await open();
    expect(server.extensions).toBe('');
  });

  it('is open when the server has attached it, and knows the version of Python', async () => {
    const { link } = await open();
    expect(link.python).toBe('3.11.7');
  });

  it('hands on messages in their order, with their bytes', async () => {
    const { server, heard, link } = await open();
    const content = Buffer.from('{ "text" : "\\u00fc" }');
    for (let index = 0; index < 3; index++) {
      say(server, 'iopub', { ...answer('stream', { index }, Buffer.from('{}')), content });
    }
    server.close(4410);
    await link.ended;
    expect(heard.map(({ message }) => Buffer.from(message.content))).toEqual(
      Array(3).fill(content),
    );
  });

  it('answers a request to the helper and keeps its messages from the listener', async () => {
    const { link, server, heard } = await open();
    const asked = link.ask('evaluate', { expressions: { a: '1' } });
    const request = await nextRequest(server);
    expect(decodeDict(request.content, '')).toEqual({ op: 'evaluate', expressions: { a: '1' } });
    expect(decodeHeader(request.header).msg_type).toBe('slipway_request');
    const { header } = request;
    say(server, 'iopub', answer('status', { execution_state: 'busy' }, header));
    const result = { values: { a: 1 } };
    say(server, 'shell', answer('slipway_reply', { status: 'ok', result }, header, [header]));
    say(server, 'iopub', answer('status', { execution_state: 'idle' }, header));
    const reply = await asked;
    expect(reply.result).toEqual(result);
    expect(Buffer.from(reply.buffers[0] as Uint8Array)).toEqual(Buffer.from(header));
    say(server, 'iopub', answer('stream', {}, Buffer.from('{}')));
    server.close(4410);
    await link.ended;
    expect(heard).toHaveLength(1);
  });

  it('raises what Python raised in the helper', async () => {
    const { link, server } = await open();
    const asked = link.ask('evaluate');
    const { header } = await nextRequest(server);
    const content = { status: 'error', ename: 'NameError', evalue: 'no x', traceback: ['t'] };
    say(server, 'shell', answer('slipway_reply', content, header));
    const error = await asked.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SessionHelperError);
    expect(error).toMatchObject({ ename: 'NameError', evalue: 'no x', traceback: ['t'] });
  });

  it.each([
    [4410, 'The session was closed.', 'session-ended'],
    [4404, '', 'session-ended'],
    [4401, '', 'lost'],
    [1001, '', 'lost'],
    [1012, '', 'lost'],
  ] as const)('ends for the reason that close code %i stands for', async (code, text, reason) => {
    const { link, server } = await open();
    const asked = link.ask('evaluate');
    server.close(code, text);
    const end = await link.ended;
    expect(end.reason).toBe(reason);
    expect(end.message).toContain(text);
    await expect(asked).rejects.toThrow(LinkClosedError);
    expect(() => link.send('shell', answer('x', {}, Buffer.from('{}')))).toThrow(LinkClosedError);
  });

  it('is lost when the connection breaks without a word', async () => {
    const { link, server } = await open();
    server.terminate();
    expect((await link.ended).reason).toBe('lost');
  });

  it('is lost when the server sends what is no message', async () => {
    const { link, server } = await open();
    server.send(Buffer.from([1, 2, 3]));
    const end = await link.ended;
    expect(end.reason).toBe('lost');
    expect(end.message).toContain('broken frame');
  });

  it('closes once, by us, however often it is asked to', async () => {
    const { link } = await open();
    await Promise.all([link.close(), link.close()]);
    await link.close();
    expect((await link.ended).reason).toBe('closed');
  });

  it('misses nothing that comes together with the server’s first word', async () => {
    sockets.once('connection', (socket: WebSocket & { _socket: Socket }) => {
      socket._socket.cork();
      socket.send(JSON.stringify({ type: 'attached', link: 'x' }));
      for (let index = 0; index < 3; index++) {
        say(socket, 'iopub', answer('stream', { index }, Buffer.from('{}')));
      }
      socket.close(4410);
      socket._socket.uncork();
    });
    const heard: ChannelMessage[] = [];
    const link = await openChannel({
      baseUrl: () => baseUrl,
      findServer: nowhere,
      sessionId: 's',
      accessToken: async () => 't',
      onMessage: (channel, message) => heard.push({ channel, message }),
    });
    await link.ended;
    expect(heard).toHaveLength(3);
  });

  it('does not read while it is paused', async () => {
    const { link, server, heard } = await open();
    link.pause();
    say(server, 'iopub', answer('stream', {}, Buffer.from('{}')));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toHaveLength(0);
    link.resume();
    server.close(4410);
    await link.ended;
    expect(heard).toHaveLength(1);
  });
});

describe('a channel that cannot be opened', () => {
  it.each([401, 404, 410, 500])('says why when the server answers %i', async (status) => {
    http.removeAllListeners('upgrade');
    http.on('upgrade', (_request, socket) => {
      socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    });
    const error = await open().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(LinkOpenError);
    expect(error).toMatchObject({ status, sessionGone: status === 404 || status === 410 });
    expect((error as Error).message).not.toContain('secret');
  });

  it('says so when the server closes it at once', async () => {
    sockets.once('connection', (socket: WebSocket) => socket.close(4404, 'No such session.'));
    const error = await openChannel({
      baseUrl: () => baseUrl,
      findServer: nowhere,
      sessionId: 's',
      accessToken: async () => 't',
      onMessage: () => undefined,
    }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: 'No such session.', sessionGone: true });
  });

  it('says so when nothing listens', async () => {
    baseUrl = 'http://127.0.0.1:1';
    await expect(open()).rejects.toThrow(LinkOpenError);
  });

  it('refuses a server that speaks otherwise', async () => {
    await expect(open('<html>')).rejects.toThrow('is not a session channel');
    await expect(open({ type: 'other' })).rejects.toThrow('is not a session channel');
  });
});
