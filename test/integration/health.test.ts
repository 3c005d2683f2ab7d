import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ api: '9.1' });
});
afterAll(() => server?.close());

const get = (path: string) => server.request('GET', path, { token: null });

describe('health', () => {
  it('is told without a token and in one word, of every API', async () => {
    const live = await get('/health/live');
    expect([live.status, live.json()]).toEqual([200, { status: 'live' }]);
    await expect.poll(async () => (await get('/health/ready')).status).toBe(200);
    expect((await get('/health/ready')).json()).toEqual({ status: 'ready' });
  });

  it('is not in the document', async () => {
    const { paths } = (await server.request('GET', '/swagger.json')).json<{ paths: object }>();
    expect(Object.keys(paths).filter((path) => /health|metrics/.test(path))).toEqual([]);
  });

  it.each(['starting', 'stopping'] as const)('is not ready while it is %s', async (phase) => {
    const { phase: state } = server.server.context;
    const before = state.current;
    state.current = phase;
    try {
      const ready = await get('/health/ready');
      expect([ready.status, ready.json()]).toEqual([503, { status: phase }]);
      expect((await get('/health/live')).status).toBe(200);
    } finally {
      state.current = before;
    }
  });

  it('is not ready when the database does not answer', async () => {
    const broken = await startTestServer();
    try {
      const ready = () => broken.request('GET', '/health/ready', { token: null });
      await expect.poll(async () => (await ready()).status).toBe(200);
      await broken.server.context.store.close();
      expect([(await ready()).status, (await ready()).json()]).toEqual([503, { status: 'broken' }]);
    } finally {
      await broken.close();
    }
  });
});
