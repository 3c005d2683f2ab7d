import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  type Channel,
  type ChannelMessage,
  createHeader,
  createMessage,
  decodeDict,
  decodeWebSocketFrame,
  encodeWebSocketFrame,
  type MessageHeader,
  WEBSOCKET_SUBPROTOCOL,
} from '../../src/jupyter/index.js';
import type { TestServer } from '../support/server.js';

/** A message as a test reads it. */
export interface ReadMessage {
  readonly channel: Channel;
  readonly type: string;
  readonly parent: Record<string, unknown>;
  readonly content: Record<string, unknown>;
  readonly buffers: readonly Uint8Array[];
}

/** A Jupyter client on a session's channel. */
export class ChannelClient {
  readonly received: ReadMessage[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #waiting = new Set<() => void>();
  readonly #finished = new Set<unknown>();
  #attached: Record<string, unknown> | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.#keep(read(decodeWebSocketFrame(data)));
      else this.#attached = JSON.parse(data.toString()) as Record<string, unknown>;
      for (const check of this.#waiting) check();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  /** Connects without waiting until the session is attached. */
  static async connect(server: TestServer, sessionId: string, token = server.token) {
    const socket = new WebSocket(
      `${server.url.replace('http', 'ws')}/sessions/${sessionId}/channels`,
      WEBSOCKET_SUBPROTOCOL,
      { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false },
    );
    const client = new ChannelClient(socket);
    await once(socket, 'open');
    return client;
  }

  static async attach(server: TestServer, sessionId: string): Promise<ChannelClient> {
    const client = await ChannelClient.connect(server, sessionId);
    await client.until(() => client.#attached !== undefined);
    return client;
  }

  get attached(): Record<string, unknown> | undefined {
    return this.#attached;
  }

  send(
    channel: Channel,
    type: string,
    content: object,
    options?: { buffers?: Uint8Array[]; parent?: object },
  ): MessageHeader {
    const header = createHeader(type, 'test-client', 'tester');
    this.socket.send(
      encodeWebSocketFrame(
        channel,
        createMessage(header, content, {
          ...(options?.buffers ? { buffers: options.buffers } : {}),
          ...(options?.parent ? { parent: Buffer.from(JSON.stringify(options.parent)) } : {}),
        }),
      ),
    );
    return header;
  }

  execute(code: string, options: object = {}): MessageHeader {
    return this.send('shell', 'execute_request', {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: true,
      ...options,
    });
  }

  /** What a request has caused, in order. */
  of(request: MessageHeader): ReadMessage[] {
    return this.received.filter((message) => message.parent.msg_id === request.msg_id);
  }

  /** Waits until a request's `idle` has come and returns all that it caused. */
  async done(request: MessageHeader): Promise<ReadMessage[]> {
    await this.until(() => this.#finished.has(request.msg_id));
    return this.of(request);
  }

  /** Waits for a state of what has been received; a test's own time limit ends it. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  #keep(message: ReadMessage): void {
    this.received.push(message);
    if (message.content.execution_state === 'idle') this.#finished.add(message.parent.msg_id);
  }

  async close(): Promise<void> {
    this.socket.close(1000);
    await this.closed;
  }
}

function read({ channel, message }: ChannelMessage): ReadMessage {
  return {
    channel,
    type: String(decodeDict(message.header, 'header').msg_type),
    parent: decodeDict(message.parentHeader, 'parent header'),
    content: decodeDict(message.content, 'content'),
    buffers: message.buffers,
  };
}

/**
 * Types in order, with the state of each `status`. What is printed may come in one `stream` or in
 * several, depending on when it is flushed: they count as one.
 */
export function summary(messages: readonly ReadMessage[]): string[] {
  return messages
    .map(({ type, content }) => (type === 'status' ? String(content.execution_state) : type))
    .filter((type, index, types) => type !== 'stream' || types[index - 1] !== 'stream');
}
