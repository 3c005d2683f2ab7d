import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecuteResponse } from '../../src/api/index.js';
import { RServerClient } from '../../src/client/index.js';
import { createHeader, createMessage, decodeDict, decodeHeader } from '../../src/jupyter/index.js';
import { openSession, type SessionLink } from '../../src/session/index.js';
import { startTestServer, type TestServer } from '../support/server.js';

/** Breaks the session's connection with its server now and then, as long as it runs. */
const BREAK = `
import threading, time
from slipway_session.app import SessionApp
def break_connections(times):
    for _ in range(times):
        time.sleep(0.02)
        connection = SessionApp.instance()._link._connection
        if connection is not None: connection.shutdown(2)
breaking = threading.Thread(target=break_connections, args=(40,))
breaking.start()
ran = []`;

let server: TestServer;
let client: RServerClient;
beforeAll(async () => {
  server = await startTestServer({ warmSessions: 1 });
  const { url, password } = server;
  client = new RServerClient({
    url,
    credentials: { kind: 'password', username: 'admin', password },
  });
});
afterAll(async () => {
  await client?.close();
  await server?.close();
});

describe('a session whose connection with the server breaks again and again', () => {
  it('runs each cell of a kernel and each call of the API once, and answers it', async () => {
    const replies = new Map<string, (content: Record<string, unknown>) => void>();
    const link: SessionLink = await openSession(client, {
      name: 'broken',
      onMessage: (channel, message) => {
        if (channel !== 'shell') return;
        const { msg_id } = decodeHeader(message.parentHeader);
        replies.get(msg_id)?.(decodeDict(message.content, 'content'));
      },
    });
    const execute = (code: string) => {
      const header = createHeader('execute_request', 'kernel', 'user');
      const content = { code, silent: false, store_history: true, allow_stdin: false };
      const reply = new Promise<Record<string, unknown>>((resolve) => {
        replies.set(header.msg_id, resolve);
      });
      link.send('shell', createMessage(header, content));
      return reply;
    };
    const call = async (code: string) => {
      const path = `/sessions/${link.sessionId}/execute`;
      const answer = await server.request('POST', path, {
        json: { code, outputParameters: ['ran'] },
      });
      return answer.json<ExecuteResponse>();
    };

    expect(await execute(BREAK)).toMatchObject({ status: 'ok' });

    const cells: Promise<Record<string, unknown>>[] = [];
    const calls: Promise<ExecuteResponse>[] = [];
    for (let number = 0; number < 150; number++) {
      cells.push(execute(`ran.append(${number})`));
      if (number % 10 === 0) calls.push(call(`ran.append(${1000 + number})`));
      if (number % 5 === 0) await cells.at(-1);
    }
    for (const reply of await Promise.all(cells)) expect(reply).toMatchObject({ status: 'ok' });
    for (const answer of await Promise.all(calls)) expect(answer).toMatchObject({ success: true });
    await execute('breaking.join()');
    const { outputParameters } = await call('ran.sort()');
    const expected = Array.from({ length: 150 }, (_, number) => number);
    const called = expected.filter((number) => number % 10 === 0).map((number) => number + 1000);
    expect(outputParameters).toEqual([{ name: 'ran', value: [...expected, ...called] }]);
    await link.close();
  });
});
