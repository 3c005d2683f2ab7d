import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { WEBSOCKET_SUBPROTOCOL } from '../../src/jupyter/index.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ChannelClient, summary } from './channel-client.js';

let server: TestServer;
let sessionId: string;
const clients: ChannelClient[] = [];

async function createSession(): Promise<string> {
  const answer = await server.request('POST', '/sessions', { json: { runtimeType: 'Python' } });
  return answer.json<{ sessionId: string }>().sessionId;
}

async function attach(id = sessionId): Promise<ChannelClient> {
  const client = await ChannelClient.attach(server, id);
  clients.push(client);
  return client;
}

beforeAll(async () => {
  server = await startTestServer({ warmSessions: 1, sessionLease: 1 });
});
afterAll(() => server.close());

beforeEach(async () => {
  sessionId = await createSession();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await server.request('DELETE', `/sessions/${sessionId}/force`);
});

describe('a session’s channel', () => {
  it('says at once which session it is and which Python runs in it', async () => {
    const client = await attach();
    expect(client.attached).toEqual({
      type: 'attached',
      link: expect.any(String),
      received: 0,
      number: expect.any(Number),
      sessionId,
      python: expect.stringMatching(/^3\.\d+\.\d+/),
    });
  });

  it('brings busy, the outputs, the reply and idle, in this order', async () => {
    const client = await attach();
    for (let run = 0; run < 20; run++) {
      const messages = await client.done(client.execute('print("x")\n1 + 1'));
      expect(summary(messages)).toEqual([
        'busy',
        'execute_input',
        'stream',
        'execute_result',
        'execute_reply',
        'idle',
      ]);
    }
  });

  it('returns the request’s header as it was sent', async () => {
    const client = await attach();
    const header = client.send('shell', 'kernel_info_request', {});
    const [first] = await client.done(header);
    expect(first?.parent).toMatchObject({ ...header, date: expect.any(String) });
  });

  it('carries errors with their traceback', async () => {
    const client = await attach();
    const messages = await client.done(client.execute('1 / 0'));
    const error = messages.find((message) => message.type === 'error');
    expect(error?.content).toMatchObject({ ename: 'ZeroDivisionError' });
    const reply = messages.find((message) => message.type === 'execute_reply');
    expect(reply?.content).toMatchObject({ status: 'error', ename: 'ZeroDivisionError' });
  });

  it('brings outputs while the code still runs', async () => {
    const client = await attach();
    const running = client.execute('print("early", flush=True)\ninput_needed = input("go on? ")', {
      allow_stdin: true,
    });
    await client.until(() => client.of(running).some((message) => message.type === 'stream'));
    await client.until(() =>
      client.of(running).some((message) => message.type === 'input_request'),
    );
    expect(client.of(running).some((message) => message.type === 'execute_reply')).toBe(false);
    client.send('stdin', 'input_reply', { value: 'yes' }, { parent: running });
    await client.done(running);
    const shown = await client.done(client.execute('print(input_needed)'));
    expect(shown.find((message) => message.type === 'stream')?.content.text).toBe('yes\n');
  });

  it('passes comm messages and their buffers both ways, without waiting for a reply', async () => {
    const client = await attach();
    await client.done(
      client.execute(
        'def opened(comm, message):\n    comm.on_msg(lambda m: comm.send({"n": len(m["buffers"])}, buffers=[b"back"]))\nget_ipython().kernel.comm_manager.register_target("echo", opened)',
      ),
    );
    await client.done(
      client.send('shell', 'comm_open', { comm_id: 'c1', target_name: 'echo', data: {} }),
    );
    const sent = client.send(
      'shell',
      'comm_msg',
      { comm_id: 'c1', data: {} },
      { buffers: [Buffer.from('there')] },
    );
    const messages = await client.done(sent);
    expect(summary(messages)).toEqual(['busy', 'comm_msg', 'idle']);
    expect(messages[1]?.content).toMatchObject({ data: { n: 1 } });
    expect(Buffer.from(messages[1]?.buffers[0] ?? []).toString()).toBe('back');
  });

  it('interrupts by a message on control while a cell runs', async () => {
    const client = await attach();
    const running = client.execute('print("on", flush=True)\nwhile True: pass');
    await client.until(() => client.of(running).some((message) => message.type === 'stream'));
    client.send('control', 'interrupt_request', {});
    const messages = await client.done(running);
    expect(messages.find((message) => message.type === 'error')?.content.ename).toBe(
      'KeyboardInterrupt',
    );
  });

  it('shows all attached kernels what runs, and replies to the one that asked', async () => {
    const [one, other] = [await attach(), await attach()];
    const request = one.execute('print("shared")');
    await one.done(request);
    await other.until(() =>
      other.of(request).some((message) => message.content.execution_state === 'idle'),
    );
    expect(summary(other.of(request))).toEqual(['busy', 'execute_input', 'stream', 'idle']);
  });

  it('shares the workspace, the history and the console with REST callers, not their messages', async () => {
    const client = await attach();
    await client.done(client.execute('a = 20\nprint("from the notebook")'));
    const path = `/sessions/${sessionId}`;
    const console = await server.request('GET', `${path}/console-output`);
    expect(console.json()).toEqual({ consoleOutput: 'from the notebook\n' });
    const before = client.received.length;
    const answer = await server.request('POST', `${path}/execute`, {
      json: { code: 'print("rest"); b = a + 1', outputParameters: ['b'] },
    });
    expect(answer.json()).toMatchObject({ outputParameters: [{ name: 'b', value: 21 }] });
    await client.done(client.execute('b'));
    const meanwhile = client.received.slice(before);
    expect(meanwhile.filter((message) => message.content.text === 'rest\n')).toEqual([]);
    const history = await server.request('GET', `${path}/history`);
    expect(history.json()).toEqual([
      'a = 20\nprint("from the notebook")',
      'print("rest"); b = a + 1',
      'b',
    ]);
  });

  it('loses none of many lines that are flushed one by one', async () => {
    const client = await attach();
    const messages = await client.done(
      client.execute('for i in range(3000): print(i, flush=True)'),
    );
    const text = messages
      .filter((message) => message.type === 'stream')
      .map((message) => message.content.text)
      .join('');
    expect(text).toBe(Array.from({ length: 3000 }, (_, line) => `${line}\n`).join(''));
    expect(messages.at(-2)?.type).toBe('execute_reply');
  });

  it('loses none of a burst of messages', async () => {
    const client = await attach();
    const messages = await client.done(
      client.execute(
        'k = get_ipython().kernel\nfor i in range(20000):\n    k.send_response(k.iopub_socket, "stream", {"name": "stdout", "text": "."})',
      ),
    );
    expect(messages.filter((message) => message.type === 'stream')).toHaveLength(20_000);
  });

  it('loses nothing when the kernel stops reading for a while', async () => {
    const client = await attach();
    client.socket.pause();
    const size = 4_000_000;
    const request = client.execute(`for i in range(12): print("y" * ${size}, flush=True)`);
    await expect
      .poll(async () => {
        const answer = await server.request('GET', `/sessions/${sessionId}/console-output`);
        return answer.json<{ consoleOutput: string }>().consoleOutput.length;
      })
      .toBeGreaterThan(size);
    client.socket.resume();
    const messages = await client.done(request);
    const characters = messages
      .filter((message) => message.type === 'stream')
      .reduce((sum, message) => sum + String(message.content.text).length, 0);
    expect(characters).toBe(12 * (size + 1));
  });
});

describe('the end of a session with a kernel attached', () => {
  it('closes the channel with 4410 and the exit status when the process ends', async () => {
    const client = await attach();
    client.execute('import os; os._exit(3)');
    expect(await client.closed).toEqual({
      code: 4410,
      reason: 'The session ended: its Python process exited with status 3.',
    });
  });

  it('closes the channel with 4410 and the signal when the process is killed', async () => {
    const client = await attach();
    client.execute('import os, signal; os.kill(os.getpid(), signal.SIGSEGV)');
    const { code, reason } = await client.closed;
    expect(code).toBe(4410);
    expect(reason).toContain('SIGSEGV');
  });

  it('closes the channel with 4410 when the session is closed by a REST call', async () => {
    const client = await attach();
    await server.request('DELETE', `/sessions/${sessionId}`);
    expect(await client.closed).toEqual({ code: 4410, reason: 'The session was closed.' });
  });

  it('comes some time after the last kernel has gone, not before', async () => {
    const client = await attach();
    await client.close();
    const again = await attach();
    await again.done(again.execute('alive = True'));
    await again.close();
    // A question to the session itself would count as a use of it.
    await expect
      .poll(async () => (await server.request('GET', '/sessions')).json(), { timeout: 10_000 })
      .toEqual([]);
    const answer = await server.request('GET', `/sessions/${sessionId}/workspace`);
    expect(answer.json<{ message: string }>().message).toBe(
      'The session expired: nothing was attached to it for 1 s.',
    );
  });

  it('is put off while a cell runs that nobody watches', async () => {
    const client = await attach();
    const running = client.execute(
      'import time\nprint("on", flush=True)\ntime.sleep(2.5)\nfinished = True',
    );
    await client.until(() => client.of(running).some((message) => message.type === 'stream'));
    await client.close();
    const answer = await server.request('POST', `/sessions/${sessionId}/execute`, {
      json: { code: '', outputParameters: ['finished'] },
    });
    expect(answer.json()).toMatchObject({ outputParameters: [{ name: 'finished', value: true }] });
  });
});

describe('who may attach', () => {
  function upgrade(options: { token?: string; protocol?: string; id?: string }) {
    return new Promise<{ status: number; message: string }>((resolve, reject) => {
      const headers = options.token ? { authorization: `Bearer ${options.token}` } : {};
      const path = options.id ?? `/sessions/${sessionId}/channels`;
      const socket = new WebSocket(
        `${server.url.replace('http', 'ws')}${path}`,
        options.protocol ?? WEBSOCKET_SUBPROTOCOL,
        { headers },
      );
      socket.on('open', () => reject(new Error('The server let it in.')));
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () => {
          socket.terminate();
          resolve({
            status: response.statusCode ?? 0,
            message: (JSON.parse(body) as { message: string }).message,
          });
        });
      });
    });
  }

  it('is nobody without a token', async () => {
    expect(await upgrade({})).toMatchObject({
      status: 401,
      message: expect.stringContaining('Authorization: Bearer'),
    });
  });

  it('is nobody with a token that was altered', async () => {
    const forged = `${server.token.slice(0, -4)}AAAA`;
    expect((await upgrade({ token: forged })).status).toBe(401);
  });

  it('is nobody who speaks another subprotocol', async () => {
    expect(await upgrade({ token: server.token, protocol: 'chat' })).toMatchObject({
      status: 400,
      message: expect.stringContaining(WEBSOCKET_SUBPROTOCOL),
    });
  });

  it('finds a WebSocket at no other path', async () => {
    expect((await upgrade({ token: server.token, id: '/status' })).status).toBe(404);
  });

  it('is told 4404 for a session that never was', async () => {
    const client = await ChannelClient.connect(server, '00000000-0000-4000-8000-000000000000');
    expect(await client.closed).toMatchObject({ code: 4404 });
  });

  it('is told 4404 for another user’s session', async () => {
    const stranger = await server.addUser('stranger');
    const client = await ChannelClient.connect(server, sessionId, stranger);
    expect(await client.closed).toMatchObject({ code: 4404 });
  });

  it('is told 4410 for a session that has ended', async () => {
    await server.request('DELETE', `/sessions/${sessionId}/force`);
    const client = await ChannelClient.connect(server, sessionId);
    expect(await client.closed).toEqual({ code: 4410, reason: 'The session was closed.' });
  });

  it('is cut off when it sends what is no Jupyter message, and the session lives on', async () => {
    const client = await attach();
    client.socket.send(Buffer.from('nonsense'));
    expect((await client.closed).code).toBe(1007);
    const again = await attach();
    await again.done(again.execute('1'));
  });

  it('is told by a plain request that this is a WebSocket', async () => {
    const answer = await server.request('GET', `/sessions/${sessionId}/channels`);
    expect(answer.status).toBe(426);
    expect(answer.json<{ message: string }>().message).toContain('WebSocket');
  });

  it('gets 400 for an upgrade that is not complete', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${server.url}/sessions/${sessionId}/channels`, {
        headers: {
          authorization: `Bearer ${server.token}`,
          connection: 'upgrade',
          upgrade: 'websocket',
          'sec-websocket-protocol': WEBSOCKET_SUBPROTOCOL,
        },
      });
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', reject);
      request.end();
    });
    expect(status).toBe(400);
  });
});
