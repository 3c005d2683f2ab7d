import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Exchange, type KernelProcess, startKernel, within } from '../support/kernel.js';

let home: string;
let kernel: KernelProcess;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-without-server-'));
  kernel = await startKernel({
    SLIPWAY_HOME: home,
    SLIPWAY_URL: 'http://127.0.0.1:1',
    SLIPWAY_TOKEN: 'a token that must not be seen',
  });
});
afterAll(async () => {
  await kernel.stop();
  await rm(home, { recursive: true, force: true });
});

describe('a kernel whose server cannot be reached', () => {
  it('answers kernel_info all the same, on shell and on control', async () => {
    for (const channel of ['shell', 'control'] as const) {
      const { reply, published } = await kernel.client.request(
        'kernel_info_request',
        {},
        { channel },
      );
      expect(reply.channel).toBe(channel);
      expect(reply.content).toMatchObject({
        status: 'ok',
        protocol_version: '5.5',
        implementation: 'slipway',
        language_info: { name: 'python', file_extension: '.py' },
        // Subshells and the debugger are the session's: there is none.
        supported_features: [],
      });
      expect(published.map(({ content }) => content.execution_state)).toEqual(['busy', 'idle']);
    }
  });

  it('fails a cell with one real error that says what to do', async () => {
    const { reply, published } = await kernel.client.execute('1 + 1');
    expect(reply.content.status).toBe('error');
    expect(reply.content.evalue).toContain('http://127.0.0.1:1');
    expect(reply.content.traceback.length).toBeGreaterThan(0);
    const errors = published.filter(({ type }) => type === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.content.ename).toBe(reply.content.ename);
    expect(JSON.stringify(kernel.client.received)).not.toContain('must not be seen');
  });

  it('answers what editors ask unprompted, if poorly', async () => {
    const { client } = kernel;
    const complete = await client.request('complete_request', { code: 'pri', cursor_pos: 3 });
    expect(complete.reply.content).toMatchObject({ status: 'ok', matches: [] });
    const inspect = await client.request('inspect_request', {
      code: 'print',
      cursor_pos: 3,
      detail_level: 0,
    });
    expect(inspect.reply.content).toMatchObject({ status: 'ok', found: false });
    const info = await client.request('comm_info_request', {});
    expect(info.reply.content).toEqual({ status: 'ok', comms: {} });
    const interrupt = await client.request('interrupt_request', {}, { channel: 'control' });
    expect(interrupt.reply.content.status).toBe('ok');
  });

  it('completes and explains magics as far as that takes no server', async () => {
    const { client } = kernel;
    const complete = async (code: string) => {
      const request = { code, cursor_pos: code.length };
      return (await client.request('complete_request', request)).reply.content.matches;
    };
    expect(await complete('%pub')).toEqual(['%publish', '%%publish']);
    expect(await complete('%publish f Iris --snap')).toEqual(['--snapshot']);
    expect(await complete('%publish f Iris --snapshot ')).toEqual(['auto', 'none']);
    expect(await complete('%consume ')).toEqual([]);
    const request = { code: '%publish f Iris --snapshot', cursor_pos: 20, detail_level: 0 };
    const { reply } = await client.request('inspect_request', request);
    expect(reply.content.data['text/plain']).toContain('auto saves what the code needs');
  });

  it('brackets a request of an unknown type with busy and idle', async () => {
    const id = await kernel.client.send('nonsense_request', {});
    await kernel.client.idle(id);
    const states = kernel.client.publishedFor(id).map(({ content }) => content.execution_state);
    expect(states).toEqual(['busy', 'idle']);
  });

  it('shows the help of a magic', async () => {
    const { reply } = await kernel.client.execute('%consume?');
    expect(reply.content.status).toBe('ok');
    expect(reply.content.payload).toEqual([
      {
        source: 'page',
        data: expect.objectContaining({ 'text/plain': expect.any(String) }),
        start: 0,
      },
    ]);
  });
});

describe('a kernel whose server does not answer', () => {
  it('answers all who have asked for kernel_info together, so that no idle comes late', async () => {
    const mute = createServer();
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const waiting = await startKernel({
      SLIPWAY_URL: `http://127.0.0.1:${port}`,
      SLIPWAY_TOKEN: 'none',
    });
    try {
      // As jupyter_client does, which asks again when a second has passed.
      const asked = [waiting.client.request('kernel_info_request', {})];
      for (let again = 0; again < 3; again++) {
        await delay(1000);
        asked.push(waiting.client.request('kernel_info_request', {}));
      }
      const { reply } = (await asked[0]) as Exchange;
      expect(reply.content.language_info.name).toBe('python');
      await within(Promise.all(asked), 'the other answers', 500);
      await within(waiting.client.request('kernel_info_request', {}), 'a later answer', 500);
    } finally {
      mute.close();
      await waiting.stop();
    }
  });
});
