import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { resultOf, textOf } from '../support/exchange.js';
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

const control = async (type: string, content: object = {}) =>
  (await client.request(type, content, { channel: 'control' })).reply.content;

const create = async (): Promise<string> =>
  (await control('create_subshell_request')).subshell_id as string;

describe('subshells', () => {
  it('are advertised, as the session has them', async () => {
    const { reply } = await client.request('kernel_info_request', {});
    expect(reply.content.supported_features).toContain('kernel subshells');
  });

  it('are created, listed and deleted', async () => {
    const before = (await control('list_subshell_request')).subshell_id;
    const created = await create();
    expect((await control('list_subshell_request')).subshell_id.sort()).toEqual(
      [...before, created].sort(),
    );
    const deleted = await control('delete_subshell_request', { subshell_id: created });
    expect(deleted.status).toBe('ok');
    expect((await control('list_subshell_request')).subshell_id.sort()).toEqual(before.sort());
  });

  it('a subshell of the client’s own runs its cells at once', async () => {
    const created = await client.request('create_subshell_request', {}, { channel: 'control' });
    const { subshell_id } = created.reply.content;
    const long = await client.sendCell('import time\ntime.sleep(3)');
    const content = { code: '5 + 5', allow_stdin: false };
    const quick = await client.request('execute_request', content, { header: { subshell_id } });
    expect(resultOf(quick)?.data['text/plain']).toBe('10');
    expect(
      client.received.some(({ parent, channel }) => parent.msg_id === long && channel === 'shell'),
    ).toBe(false);
    await client.request('interrupt_request', {}, { channel: 'control' });
    await client.exchange(long);
    await client.request('delete_subshell_request', { subshell_id }, { channel: 'control' });
  });

  it('abort the cells behind a failed one on their own, not those of the main shell', async () => {
    const subshell_id = await create();
    const send = (code: string, header: object) =>
      client.sendCell(code, { allow_stdin: false }, { header });
    const failing = await send('import time; time.sleep(0.3); 1 / 0', { subshell_id });
    const behind = await send('1', { subshell_id });
    const beside = await send('2', {});
    const status = async (id: string) => (await client.exchange(id)).reply.content.status;
    expect(await status(failing)).toBe('error');
    expect(await status(behind)).toBe('aborted');
    expect(await status(beside)).toBe('ok');
    await control('delete_subshell_request', { subshell_id });
  });

  it('carry the messages of widgets while a cell runs, as JupyterLab sends them', async () => {
    await client.execute(
      [
        'from ipykernel.comm import Comm',
        'value = 0',
        'def opened(comm, message):',
        '    @comm.on_msg',
        '    def changed(m):',
        '        global value',
        '        value = m["content"]["data"]["value"]',
        '        comm.send({"seen": value})',
        'get_ipython().kernel.comm_manager.register_target("slider", opened)',
      ].join('\n'),
    );
    const subshell_id = await create();
    const comm_id = 'slider-1';
    const open = { comm_id, target_name: 'slider', data: {} };
    await client.idle(await client.send('comm_open', open, { header: { subshell_id } }));
    const cell = await client.sendCell(
      'import time\nprint("begun", flush=True)\nwhile value != 7: time.sleep(0.01)\nprint("seen", value)',
    );
    await client.next(({ parent, type }) => parent.msg_id === cell && type === 'stream');
    const data = { comm_id, data: { value: 7 } };
    const moved = await client.send('comm_msg', data, { header: { subshell_id } });
    await client.idle(moved);
    const answer = client.publishedFor(moved).find(({ type }) => type === 'comm_msg');
    expect(answer?.content.data).toEqual({ seen: 7 });
    expect(textOf(await client.exchange(cell))).toBe('begun\nseen 7\n');
    await control('delete_subshell_request', { subshell_id });
  });

  it('that do not exist are refused, and what is sent to them is answered', async () => {
    const deleted = await control('delete_subshell_request', { subshell_id: 'none' });
    expect(deleted.status).toBe('error');
    const content = { code: '1', silent: false, allow_stdin: false };
    const { reply } = await client.request('execute_request', content, {
      header: { subshell_id: 'none' },
    });
    expect(reply.content.status).toBe('error');
  });
});
