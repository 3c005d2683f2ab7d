import { writeFile } from 'node:fs/promises';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect, type SecureVersion } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectConfigured, UntrustedCertificateError } from '../../src/client/index.js';
import { type HttpsServer, startHttpsServer } from '../support/https-server.js';
import { attachToNewSession } from '../support/link-client.js';

const ORIGIN = 'https://app.example.com';

let server: HttpsServer;
beforeAll(async () => {
  server = await startHttpsServer({
    cors: { origins: [ORIGIN] },
    trustedProxies: ['127.0.0.1'],
  });
});
afterAll(() => server?.close());

const environment = () => ({
  SLIPWAY_URL: server.url,
  SLIPWAY_USER: 'admin',
  SLIPWAY_PASSWORD: server.password,
  XDG_CONFIG_HOME: server.dataDirectory,
});

describe('a server with a certificate', () => {
  it('says that it speaks HTTPS', () => {
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  });

  it('is used by clients that trust its authority, the channel of a session included', async () => {
    const client = await connectConfigured({
      env: { ...environment(), SLIPWAY_CA_FILE: server.caFile },
    });
    try {
      await expect(client.status()).resolves.toMatchObject({ statusCode: 'pass' });
      const { link, execute } = await attachToNewSession(client);
      const { published } = await execute('print(6 * 7)');
      expect(published).toContainEqual({ type: 'stream', content: '42\n' });
      link.close();
    } finally {
      await client.close();
    }
  });

  it('is not used by clients that do not', async () => {
    const attempt = connectConfigured({ env: environment() });
    await expect(attempt.then((client) => client.status())).rejects.toThrow(
      UntrustedCertificateError,
    );
  });

  it.each([
    ['TLSv1.1', false],
    ['TLSv1.2', true],
    ['TLSv1.3', true],
  ] as const)('speaks %s: %s', async (version: SecureVersion, isSpoken) => {
    const spoken = new Promise<string | null>((done, fail) => {
      const socket = connect(
        {
          port: server.port,
          host: '127.0.0.1',
          ca: server.ca,
          minVersion: version,
          maxVersion: version,
          // OpenSSL itself speaks what is older than 1.2 at the lowest level alone.
          ciphers: 'DEFAULT@SECLEVEL=0',
        },
        () => {
          done(socket.getProtocol());
          socket.end();
        },
      );
      socket.once('error', fail);
    });
    if (isSpoken) await expect(spoken).resolves.toBe(version);
    else await expect(spoken).rejects.toThrow(/alert|protocol/i);
  });

  it('hangs up on what is not TLS, and goes on', async () => {
    const socket = connectPlain(server.port, '127.0.0.1');
    socket.write('GET /status HTTP/1.1\r\nHost: x\r\n\r\n');
    const answer = await text(socket).catch((error: NodeJS.ErrnoException) => {
      expect(error.code).toBe('ECONNRESET');
      return '';
    });
    expect(answer).not.toContain('200 OK');
    expect((await server.request('GET', '/health/live')).status).toBe(200);
  });

  it('takes a new certificate without dropping connections, and keeps it while none fits', async () => {
    const socket = connect({ port: server.port, host: '127.0.0.1', ca: server.ca });
    socket.setEncoding('utf8');
    const answers: string[] = [];
    socket.on('data', (data: string) => answers.push(data));
    const ask = () => socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
    ask();
    await vi.waitFor(() => expect(answers.join('')).toContain('"live"'));

    await server.replaceCertificate('elsewhere');
    await vi.waitFor(async () => expect(await server.subject()).not.toContain('127.0.0.1'));
    answers.length = 0;
    ask();
    await vi.waitFor(() => expect(answers.join('')).toContain('"live"'));
    socket.end();

    await writeFile(join(server.dataDirectory, 'server.pem'), 'no certificate');
    await server.server.reload(server.server.context.config);
    expect(await server.subject()).not.toContain('127.0.0.1');
    await server.replaceCertificate('server');
    await server.server.reload(server.server.context.config);
    expect(await server.subject()).toContain('127.0.0.1');
  });
});

describe('a server that lets pages of another origin in', () => {
  const preflight = {
    origin: ORIGIN,
    'access-control-request-method': 'PUT',
    'access-control-request-headers': 'authorization,content-type',
  };

  it('answers what a browser asks ahead, on routes that want a token', async () => {
    const { status, headers } = await server.request('OPTIONS', '/api/x/1', preflight);
    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe(ORIGIN);
    expect(headers['access-control-allow-methods']).toContain('PUT');
    expect(headers['access-control-allow-headers']).toContain('authorization');
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('lets the page read the answer, a refusal too', async () => {
    const { status, headers } = await server.request('GET', '/sessions', { origin: ORIGIN });
    expect(status).toBe(401);
    expect(headers['access-control-allow-origin']).toBe(ORIGIN);
    expect(headers['access-control-expose-headers']).toContain('X-Request-Id');
    expect(headers.vary).toContain('Origin');
  });

  it('lets no other origin in', async () => {
    const origin = 'https://app.example.com.evil.example';
    const { headers } = await server.request('GET', '/sessions', { origin });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    const asked = await server.request('OPTIONS', '/sessions', { ...preflight, origin });
    expect(asked.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('has no route in its document for that, and still tells what a path takes', async () => {
    const login = await server.request(
      'POST',
      '/login',
      { 'content-type': 'application/json' },
      JSON.stringify({ username: 'admin', password: server.password }),
    );
    const { access_token: token } = JSON.parse(login.text) as { access_token: string };
    const authorization = `Bearer ${token}`;
    const { text: document } = await server.request('GET', '/swagger.json', { authorization });
    expect(Object.keys(JSON.parse(document).paths).join()).not.toMatch(/\*|health|metrics/);
    const { status, headers } = await server.request('PUT', '/status', { authorization });
    expect([status, headers.allow]).toEqual([405, 'GET']);
  });
});

describe('a server behind a proxy that it trusts', () => {
  const guess = (from: string) =>
    server.request(
      'POST',
      '/login',
      { 'content-type': 'application/json', 'x-forwarded-for': from },
      JSON.stringify({ username: 'nobody', password: 'a wrong password' }),
    );

  it('slows down guessing by the address that the proxy tells', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      statuses.push((await guess('203.0.113.1')).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await guess('203.0.113.2')).status).toBe(401);
    expect((await guess('203.0.113.9, 203.0.113.1')).status).toBe(429);
  });
});
