import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type KernelProcess, startKernel } from '../support/kernel.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ChannelClient } from './channel-client.js';

const MINUTE = 60_000;

let server: TestServer;
let sessionId: string;
beforeEach(async () => {
  // The server's clock alone: tests wait by timers that are real.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  server = await startTestServer({ embedded: false });
  const json = { runtimeType: 'Python' };
  const answer = await server.request('POST', '/sessions', { json });
  sessionId = answer.json<{ sessionId: string }>().sessionId;
});
afterEach(async () => {
  await server.close();
  vi.useRealTimers();
});

interface Tokens {
  access_token: string;
  refresh_token: string;
}

async function logIn(): Promise<Tokens> {
  const json = { username: 'admin', password: server.password };
  return (await server.request('POST', '/login', { json, token: null })).json<Tokens>();
}

describe('an open channel', () => {
  it('is not closed when its access token is renewed', async () => {
    const { access_token, refresh_token } = await logIn();
    const client = await ChannelClient.connect(server, sessionId, access_token);
    const json = { refreshToken: refresh_token };
    await server.request('POST', '/login/refreshToken', { json, token: null });
    await vi.advanceTimersByTimeAsync(3 * MINUTE);
    const cell = client.execute('1');
    expect((await client.done(cell)).map(({ type }) => type)).toContain('execute_result');
    await client.close();
  });

  it('is closed within a minute after its login was revoked, and no other', async () => {
    const { access_token, refresh_token } = await logIn();
    const client = await ChannelClient.connect(server, sessionId, access_token);
    const other = await ChannelClient.connect(server, sessionId);
    const path = `/login/refreshToken?refreshToken=${encodeURIComponent(refresh_token)}`;
    await server.request('DELETE', path, { token: access_token });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(await client.closed).toEqual({
      code: 4401,
      reason: 'The login has ended: log in again.',
    });
    expect((await other.done(other.execute('1'))).length).toBeGreaterThan(0);
    await other.close();
  });
});

describe('a kernel whose login ends', () => {
  let kernel: KernelProcess | undefined;
  afterAll(() => kernel?.stop());

  it('asks for it and resumes the channel that the server has closed', async () => {
    kernel = await startKernel({
      SLIPWAY_URL: server.url,
      SLIPWAY_USER: 'admin',
      SLIPWAY_PASSWORD: server.password,
      SLIPWAY_TOKEN: '',
    });
    const { client } = kernel;
    const id = await client.sendCell(
      'import time\nprint("begun", flush=True)\ntime.sleep(2)\nprint("ended")',
      { allow_stdin: true },
    );
    await client.next(({ parent, type }) => parent.msg_id === id && type === 'stream');
    await server.server.context.auth.accounts.setPassword('admin', 'Another-Password-1');
    await vi.advanceTimersByTimeAsync(MINUTE);
    await client.next(({ type }) => type === 'input_request');
    await client.answer('Another-Password-1');
    const { reply, published } = await client.exchange(id);
    expect(reply.content.status).toBe('ok');
    const printed = published.filter(({ type }) => type === 'stream');
    expect(printed.map(({ content }) => content.text).join('')).toBe('begun\nended\n');
  });
});
