import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { resultOf } from '../support/exchange.js';
import { type KernelClient, type KernelProcess, startKernel } from '../support/kernel.js';

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

describe('comms', () => {
  it('comm messages pass both ways with their buffers', async () => {
    await client.execute(
      [
        'from ipykernel.comm import Comm',
        'def opened(comm, message):',
        '    @comm.on_msg',
        '    def answer(m): comm.send({"n": m["content"]["data"]["n"] + 1}, buffers=[bytes(reversed(bytes(m["buffers"][0])))])',
        'get_ipython().kernel.comm_manager.register_target("echo", opened)',
      ].join('\n'),
    );
    await client.idle(
      await client.send('comm_open', { comm_id: 'c1', target_name: 'echo', data: {} }),
    );
    const id = await client.send(
      'comm_msg',
      { comm_id: 'c1', data: { n: 1 } },
      { buffers: [Buffer.from([0, 1, 255])] },
    );
    await client.idle(id);
    const answer = client.publishedFor(id).find(({ type }) => type === 'comm_msg');
    expect(answer?.content).toMatchObject({ comm_id: 'c1', data: { n: 2 } });
    expect(Buffer.from(answer?.buffers[0] as Uint8Array)).toEqual(Buffer.from([255, 1, 0]));
  });

  it('a comm that the session opens arrives with its buffers, and its client can close it', async () => {
    const cell = await client.execute(
      [
        'from ipykernel.comm import Comm',
        'ours = Comm("of-the-session", data={"n": 1}, buffers=[bytes([7, 0, 255])])',
        'closed = []',
        'ours.on_close(lambda message: closed.append(message["content"]["data"]))',
      ].join('\n'),
    );
    const opened = cell.published.find(({ type }) => type === 'comm_open');
    expect(opened?.content).toMatchObject({ target_name: 'of-the-session', data: { n: 1 } });
    expect(Buffer.from(opened?.buffers[0] as Uint8Array)).toEqual(Buffer.from([7, 0, 255]));
    const comm_id = String(opened?.content.comm_id);
    const info = await client.request('comm_info_request', { target_name: 'of-the-session' });
    expect(info.reply.content.comms).toEqual({ [comm_id]: { target_name: 'of-the-session' } });
    await client.idle(await client.send('comm_close', { comm_id, data: { why: 'done' } }));
    expect(resultOf(await client.execute('closed'))?.data['text/plain']).toBe("[{'why': 'done'}]");
    expect((await client.request('comm_info_request', {})).reply.content.comms).not.toHaveProperty(
      comm_id,
    );
  });

  it('an unknown comm target gets comm_close', async () => {
    const id = await client.send('comm_open', { comm_id: 'c2', target_name: 'nobody', data: {} });
    await client.idle(id);
    expect(client.publishedFor(id).some(({ type }) => type === 'comm_close')).toBe(true);
  });
});
