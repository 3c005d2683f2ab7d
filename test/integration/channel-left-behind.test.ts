import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { ExecuteResponse, SessionDetails } from '../../src/api/index.js';
import { openSocket } from '../../src/session/channel-socket.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { ChannelClient } from './channel-client.js';

/** Prints 20 MB: more than a session keeps before its code waits. */
const MUCH = 'for i in range(2000): print("x" * 10_000, flush=True)';

let server: TestServer;
let sessionId: string;

beforeAll(async () => {
  server = await startTestServer({ warmSessions: 1 });
});
afterAll(() => server?.close());
beforeEach(async () => {
  const created = await server.request('POST', '/sessions', { json: { runtimeType: 'Python' } });
  sessionId = created.json<{ sessionId: string }>().sessionId;
});

/** A kernel whose connection broke, and which has acknowledged nothing. */
async function kernelThatIsAway(): Promise<void> {
  const others = await attached();
  const socket = await openSocket(
    { baseUrl: server.url, sessionId, accessToken: server.token, ca: undefined },
    (opened): WebSocket => opened,
  );
  socket.terminate();
  await expect.poll(attached).toBe(others);
}

const attached = async () => {
  const answer = await server.request('GET', '/sessions/details');
  const session = answer.json<SessionDetails[]>().find(({ id }) => id === sessionId);
  return session?.attached.length;
};

async function execute(code: string): Promise<ExecuteResponse> {
  const path = `/sessions/${sessionId}/execute`;
  return (await server.request('POST', path, { json: { code } })).json<ExecuteResponse>();
}

describe('a kernel that is away and behind', () => {
  it('does not hold up the cells of a kernel that is there', async () => {
    const there = await ChannelClient.attach(server, sessionId);
    await kernelThatIsAway();
    const received = await there.done(there.execute(MUCH));
    const printed = received.filter(({ type }) => type === 'stream');
    expect(printed.reduce((sum, { content }) => sum + String(content.text).length, 0)).toBe(
      2000 * 10_001,
    );
    await there.close();
  });

  it('does not hold up the calls of the REST API', async () => {
    await kernelThatIsAway();
    for (let call = 0; call < 2; call++)
      expect(await execute(MUCH)).toMatchObject({ success: true });
  });
});
