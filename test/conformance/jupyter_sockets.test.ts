import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dealer, Subscriber } from 'zeromq';
import {
  type ConnectionInfo,
  createHeader,
  createMessage,
  decodeHeader,
  decodeZmqFrames,
  encodeZmqFrames,
  endpoint,
  Signer,
} from '../../src/jupyter/index.js';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { KernelClient, type KernelProcess, startKernel, within } from '../support/kernel.js';

/** No session can be had: what is tested are the sockets. */
const WITHOUT_SERVER = { SLIPWAY_URL: 'http://127.0.0.1:1', SLIPWAY_TOKEN: 'none' };

let server: EmbeddedServer;
let kernel: KernelProcess;
let client: KernelClient;

beforeAll(async () => {
  server = await startEmbeddedServer();
  kernel = await startKernel(server.env);
  client = kernel.client;
  await client.execute('1');
});
afterAll(async () => {
  await kernel?.stop();
  await server?.stop();
});

const question = () => {
  const header = createHeader('kernel_info_request', 'tester', 'tester');
  return { id: header.msg_id, message: createMessage(header, {}) };
};

describe('signatures', () => {
  it('cover the four dictionaries and not the buffers', async () => {
    const { id, message } = question();
    const frames = encodeZmqFrames([], message, new Signer(kernel.connection.key));
    await client.sendFrames('shell', [...frames, Buffer.from('added on the way')]);
    await client.idle(id);
  });

  it.each([2, 3, 4, 5])(
    'are checked over the received bytes: frame %i may not change',
    async (at) => {
      const { id, message } = question();
      const frames = encodeZmqFrames([], message, new Signer(kernel.connection.key));
      // The same JSON in other bytes.
      frames[at] = Buffer.from(`${Buffer.from(frames[at] as Uint8Array)} `);
      await client.sendFrames('shell', frames);
      await client.request('kernel_info_request', {});
      expect(client.publishedFor(id)).toEqual([]);
    },
  );

  it.each(['hmac-sha512', 'hmac-md5'])(
    'are of the connection file’s scheme: %s',
    async (scheme) => {
      const other = await startKernel(WITHOUT_SERVER, { signature_scheme: scheme });
      try {
        const { reply } = await other.client.request('kernel_info_request', {});
        expect(reply.content.status).toBe('ok');
      } finally {
        await other.stop();
      }
    },
  );

  it('an empty key means that messages are not signed', async () => {
    const open = await startKernel(WITHOUT_SERVER, { key: '' });
    try {
      for (let again = 0; again < 2; again++) {
        const { reply } = await open.client.request('kernel_info_request', {});
        expect(reply.content.status).toBe('ok');
      }
    } finally {
      await open.stop();
    }
  });
});

/** Connects a subscriber that does nothing yet. */
function subscriber({ connection }: { connection: ConnectionInfo }): Subscriber {
  const socket = new Subscriber({ linger: 0 });
  socket.subscribe();
  socket.connect(endpoint(connection, connection.iopub_port));
  return socket;
}

async function nextType(socket: Subscriber, signer: Signer): Promise<string> {
  const frames = await within(socket.receive(), 'something published', 10_000);
  return decodeHeader(decodeZmqFrames(frames, signer).message.header).msg_type;
}

describe('iopub', () => {
  it('the first message that a subscriber gets is its welcome, however much is published', async () => {
    const signer = new Signer(kernel.connection.key);
    // Not faster than this process can read: its own client gets all of it too.
    const id = await client.sendCell(
      'import time\nwhile True: print("x" * 100, flush=True); time.sleep(0.001)',
    );
    await client.next(({ parent, type }) => parent.msg_id === id && type === 'stream');
    for (let index = 0; index < 10; index++) {
      const socket = subscriber(kernel);
      expect(await nextType(socket, signer)).toBe('iopub_welcome');
      socket.close();
    }
    await client.request('interrupt_request', {}, { channel: 'control' });
    await client.exchange(id);
  });

  it('a welcome tells the topic that was subscribed to', async () => {
    const socket = new Subscriber({ linger: 0 });
    socket.subscribe('kernel.none');
    socket.connect(endpoint(kernel.connection, kernel.connection.iopub_port));
    const frames = await within(socket.receive(), 'the welcome', 10_000);
    const { message, identities } = decodeZmqFrames(frames, new Signer(kernel.connection.key));
    expect(identities.map(String)).toEqual(['kernel.none']);
    expect(JSON.parse(Buffer.from(message.content).toString())).toEqual({
      subscription: 'kernel.none',
    });
    socket.close();
  });

  it('a subscription that has ended gets nothing more', async () => {
    const socket = subscriber(kernel);
    const signer = new Signer(kernel.connection.key);
    expect(await nextType(socket, signer)).toBe('iopub_welcome');
    socket.unsubscribe();
    socket.subscribe('kernel.none');
    // The welcome to the new topic comes when the old one has ended.
    while ((await nextType(socket, signer)) !== 'iopub_welcome');
    await client.execute('print(1)');
    socket.subscribe('kernel.other');
    expect(await nextType(socket, signer)).toBe('iopub_welcome');
    socket.close();
  });

  it('a subscriber that reads late loses nothing of 20 000 messages', async () => {
    const socket = subscriber(kernel);
    const signer = new Signer(kernel.connection.key);
    expect(await nextType(socket, signer)).toBe('iopub_welcome');
    await client.execute('for i in range(20000): display(i)');
    let displays = 0;
    for (let type = ''; displays < 20_000; type === 'display_data' && displays++) {
      type = await nextType(socket, signer);
    }
    expect(await nextType(socket, signer)).toBe('status');
    socket.close();
  });
});

describe('shell', () => {
  it('a client that connects again under its identity is answered', async () => {
    const { connection } = kernel;
    const signer = new Signer(connection.key);
    const clients = [1, 2].map(() => new Dealer({ routingId: 'the same', linger: 0 }));
    for (const dealer of clients) {
      dealer.connect(endpoint(connection, connection.shell_port));
      const { message } = question();
      await dealer.send(encodeZmqFrames([], message, signer));
      const reply = await within(dealer.receive(), 'the reply', 10_000);
      expect(decodeHeader(decodeZmqFrames(reply, signer).message.header).msg_type).toBe(
        'kernel_info_reply',
      );
    }
    for (const dealer of clients) dealer.close();
  });

  it('each client gets its own replies, and all that is published', async () => {
    const other = new KernelClient(kernel.connection);
    await other.connected;
    const [mine, theirs] = await Promise.all([
      client.request('kernel_info_request', {}),
      other.request('kernel_info_request', {}),
    ]);
    const ids = [mine, theirs].map(({ reply }) => reply.parent.msg_id);
    const repliesOf = (to: KernelClient) =>
      to.received.filter(
        ({ channel, parent }) => channel === 'shell' && ids.includes(parent.msg_id),
      );
    expect(repliesOf(client).map(({ parent }) => parent.msg_id)).toEqual([ids[0]]);
    expect(repliesOf(other).map(({ parent }) => parent.msg_id)).toEqual([ids[1]]);
    for (const id of ids) await client.idle(id as string);
    other.close();
  });
});
