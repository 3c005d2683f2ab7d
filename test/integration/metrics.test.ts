import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, startTestServer, type TestServer } from '../support/server.js';
import { consume, publish } from '../support/services.js';

const TOKEN = 'Token-of-Prometheus';

let server: TestServer;
let metrics: string;
beforeAll(async () => {
  server = await startTestServer({ metrics: { host: '127.0.0.1', port: 0, token: TOKEN } });
  const announced = await readFile(join(server.dataDirectory, 'server.json'), 'utf8');
  ({ metrics } = JSON.parse(announced) as { metrics: string });
});
afterAll(() => server?.close());

const read = (token: string | null = TOKEN) => send(metrics, token, 'GET', '/metrics');

/** The value of a series; undefined when it is not there. */
async function value(series: string): Promise<number | undefined> {
  const { text } = await read();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

describe('metrics', () => {
  it('are read with their token alone, in Prometheus’ format', async () => {
    const answer = await read();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/plain');
    expect((await read(null)).status).toBe(401);
    expect((await read('Token-of-somebody')).status).toBe(401);
    expect((await read(server.token)).status).toBe(401);
    expect((await send(metrics, TOKEN, 'POST', '/metrics')).status).toBe(405);
    expect((await send(metrics, TOKEN, 'GET', '/other')).status).toBe(404);
  });

  it('are not on the port of the API', async () => {
    expect((await server.request('GET', '/metrics')).status).toBe(404);
  });

  it('count requests by the pattern of their route, whatever the client has chosen in it', async () => {
    for (const id of ['1', '2', '3']) await server.request('GET', `/sessions/${id}/files`);
    for (const path of ['/nothing/1', '/nothing/2']) await server.request('GET', path);
    const requests = (method: string, route: string, status: number) =>
      value(`slipway_http_requests_total{method="${method}",route="${route}",status="${status}"}`);
    expect(await requests('GET', '/sessions/:id/files', 404)).toBe(3);
    expect(await requests('any', 'none', 404)).toBeGreaterThanOrEqual(2);
    const labels = 'method="GET",route="/sessions/:id/files"';
    expect(await value(`slipway_http_request_duration_seconds_count{${labels}}`)).toBe(3);
    expect((await read()).text).not.toContain('/nothing');
  });

  it('count logins by what they came to', async () => {
    const logins = (result: string) => value(`slipway_logins_total{result="${result}"}`);
    const [succeeded = 0, failed = 0] = [await logins('succeeded'), await logins('failed')];
    await server.login();
    const json = { username: 'nobody', password: 'a wrong password' };
    await server.request('POST', '/login', { json, token: null });
    expect(await logins('succeeded')).toBe(succeeded + 1);
    expect(await logins('failed')).toBe(failed + 1);
    expect(await logins('slowed_down')).toBe(0);
  });

  it('tell sessions, services, workers and queues', async () => {
    expect(await value('slipway_sessions')).toBe(0);
    const json = { runtimeType: 'Python' };
    const session = await server.request('POST', '/sessions', { json });
    const { sessionId } = session.json<{ sessionId: string }>();
    expect(await value('slipway_sessions')).toBe(1);
    await server.request('DELETE', `/sessions/${sessionId}/force`);
    expect(await value('slipway_sessions')).toBe(0);

    await publish(server, 'one/1', { code: 'x = 1' });
    await consume(server, 'one/1');
    expect(await value('slipway_services_live')).toBe(1);
    expect(await value('slipway_service_workers')).toBeGreaterThanOrEqual(1);
    expect(await value('slipway_service_queue_length')).toBe(0);
    const labels = 'method="POST",route="/api/:name/:version",status="200"';
    expect(await value(`slipway_http_requests_total{${labels}}`)).toBe(1);
  });

  it('tell batches', async () => {
    const code = 'import time; time.sleep(0.5); y = 1';
    await publish(server, 'slow/1', { code });
    expect(await value('slipway_batches_running')).toBe(0);
    const json = Array.from({ length: 50 }, () => ({}));
    const started = await server.request('POST', '/api/slow/1/batch', { json });
    const { batchExecutionId } = started.json<{ batchExecutionId: string }>();
    await expect.poll(() => value('slipway_batches_running')).toBe(1);
    await server.request('DELETE', `/api/slow/1/batch/${batchExecutionId}`);
    await expect.poll(() => value('slipway_batches_running')).toBe(0);
    expect(await value('slipway_batches_waiting')).toBe(0);
  });

  it('say which setting chooses their port when it is taken', async () => {
    const port = Number(new URL(metrics).port);
    const taken = startTestServer({ metrics: { host: '127.0.0.1', port, token: undefined } });
    await expect(taken).rejects.toThrow(`Port ${port} of 127.0.0.1 is taken`);
    await expect(taken).rejects.toThrow('choose another port with metrics.port');
  });

  it('tell readiness, memory and the lag of the event loop', async () => {
    await expect.poll(() => value('slipway_ready')).toBe(1);
    expect(await value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(await value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
  });
});
