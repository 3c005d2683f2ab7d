import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHeader, createMessage, encodeZmqFrames, Signer } from '../../src/jupyter/index.js';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { type Exchange, KernelClient, type KernelProcess, startKernel } from '../support/kernel.js';

let server: EmbeddedServer;
let kernel: KernelProcess;
let client: KernelClient;

beforeAll(async () => {
  server = await startEmbeddedServer();
  kernel = await startKernel(server.env);
  client = kernel.client;
});
afterAll(async () => {
  await kernel?.stop();
  await server?.stop();
});

const states = ({ published }: Pick<Exchange, 'published'>) =>
  published.filter(({ type }) => type === 'status').map(({ content }) => content.execution_state);

describe('messages', () => {
  it('starting is published once, before anything else', async () => {
    await client.execute('1');
    expect(
      client.received.filter(({ content }) => content.execution_state === 'starting').length,
    ).toBeLessThanOrEqual(1);
  });

  it('busy and idle bracket every request, on shell and on control', async () => {
    const requests: [string, object, 'shell' | 'control'][] = [
      ['kernel_info_request', {}, 'shell'],
      ['kernel_info_request', {}, 'control'],
      ['execute_request', { code: '1', allow_stdin: false }, 'shell'],
      ['complete_request', { code: 'pri', cursor_pos: 3 }, 'shell'],
      ['inspect_request', { code: 'print', cursor_pos: 3, detail_level: 0 }, 'shell'],
      ['is_complete_request', { code: 'for' }, 'shell'],
      ['history_request', { hist_access_type: 'tail', n: 1, raw: true, output: false }, 'shell'],
      ['comm_info_request', {}, 'shell'],
      ['connect_request', {}, 'shell'],
      ['interrupt_request', {}, 'control'],
      ['usage_request', {}, 'control'],
      ['list_subshell_request', {}, 'control'],
    ];
    for (const [type, content, channel] of requests) {
      const exchange = await client.request(type, content, { channel });
      expect(states(exchange), type).toEqual(['busy', 'idle']);
      expect(exchange.published[0]?.type, type).toBe('status');
      expect(exchange.published.at(-1)?.type, type).toBe('status');
      expect(exchange.reply.type).toBe(type.replace('_request', '_reply'));
      expect(exchange.reply.channel).toBe(channel);
    }
  });

  it('busy and idle bracket requests of unknown types', async () => {
    for (const channel of ['shell', 'control'] as const) {
      const id = await client.send('unheard_of_request', {}, { channel });
      await client.idle(id);
      expect(states({ published: client.publishedFor(id) })).toEqual(['busy', 'idle']);
    }
  });

  it('the header is the kernel’s own: version 5.5 and one session id', async () => {
    const { reply, published } = await client.execute('print(1)\n2');
    const sessions = new Set([reply, ...published].map(({ header }) => header.session));
    expect(sessions.size).toBe(1);
    expect(sessions.has(client.session)).toBe(false);
    for (const { header } of [reply, ...published]) {
      expect(header.version).toBe('5.5');
      expect(Date.parse(header.date)).not.toBeNaN();
    }
  });

  it('the parent header is a verbatim copy of the request’s, unknown fields included', async () => {
    const extra = { date: '2026-01-01T00:00:00Z', custom: { a: [1] } };
    const { reply, published } = await client.request(
      'execute_request',
      { code: 'print(1)', allow_stdin: false },
      { header: extra },
    );
    for (const { parent } of [reply, ...published]) expect(parent).toMatchObject(extra);
  });

  it('a message with a wrong signature is dropped', async () => {
    const header = createHeader('kernel_info_request', client.session, 'tester');
    const frames = encodeZmqFrames([], createMessage(header, {}), new Signer('another key'));
    await client.sendFrames('shell', frames);
    await client.execute('1');
    expect(client.publishedFor(header.msg_id)).toEqual([]);
  });

  it('a message that is not JSON is dropped even when it is signed', async () => {
    const parts = ['{', '{}', '{}', '{}'].map((text) => Buffer.from(text));
    const hmac = createHmac('sha256', kernel.connection.key);
    for (const part of parts) hmac.update(part);
    const frames = [Buffer.from('<IDS|MSG>'), Buffer.from(hmac.digest('hex')), ...parts];
    for (const channel of ['shell', 'control', 'stdin'] as const) {
      await client.sendFrames(channel, frames);
      await client.sendFrames(channel, [Buffer.from('x')]);
    }
    expect((await client.execute('1')).reply.content.status).toBe('ok');
  });

  it('a repeated signature is dropped', async () => {
    const header = createHeader('execute_request', client.session, 'tester');
    const content = { code: 'replayed = globals().get("replayed", 0) + 1', allow_stdin: false };
    const signer = new Signer(kernel.connection.key);
    const frames = encodeZmqFrames([], createMessage(header, content), signer);
    await client.sendFrames('shell', frames);
    await client.sendFrames('shell', frames);
    await client.idle(header.msg_id);
    const { published } = await client.execute('replayed');
    expect(
      published.find(({ type }) => type === 'execute_result')?.content.data['text/plain'],
    ).toBe('1');
  });

  it('every subscriber is welcomed', async () => {
    for (let index = 0; index < 3; index++) {
      const another = new KernelClient(kernel.connection);
      const welcome = await another.connected;
      expect(welcome.content).toEqual({ subscription: '' });
      expect(welcome.parent).toEqual({});
      another.close();
    }
  });

  it('kernel_info tells the language of the session', async () => {
    const { reply } = await client.request('kernel_info_request', {});
    const { published } = await client.execute('import platform; print(platform.python_version())');
    const version = published.find(({ type }) => type === 'stream')?.content.text.trim();
    expect(reply.content.language_info).toMatchObject({
      name: 'python',
      version,
      mimetype: 'text/x-python',
      file_extension: '.py',
      nbconvert_exporter: 'python',
      pygments_lexer: 'ipython3',
    });
    expect(reply.content).toMatchObject({ protocol_version: '5.5', implementation: 'slipway' });
  });

  it('connect_request tells the ports of the kernel, not those of the session', async () => {
    const { reply } = await client.request('connect_request', {});
    const { shell_port, iopub_port } = kernel.connection;
    expect(reply.content).toMatchObject({ shell_port, iopub_port });
  });
});
