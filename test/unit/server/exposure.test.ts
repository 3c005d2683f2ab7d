import { describe, expect, it } from 'vitest';
import { ExposureError, refuseExposure } from '../../../src/server/exposure.js';
import type { ServerConfig } from '../../../src/server/index.js';
import { testConfig } from '../../support/server.js';

const https = { certificateFile: '/x/server.pem', keyFile: '/x/server.key' };

const config = (overrides: Partial<ServerConfig>) =>
  testConfig('/nowhere', { embedded: false, ...overrides });

describe('the address of a server', () => {
  it.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost', '::ffff:127.0.0.1'])(
    'may be %s without TLS, since no other machine reaches it',
    async (host) => {
      await expect(refuseExposure(config({ host }))).resolves.toBe(false);
    },
  );

  it.each(['0.0.0.0', '::', '192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1'])(
    'may be %s only with TLS, or where HTTP is allowed',
    async (host) => {
      await expect(refuseExposure(config({ host }))).rejects.toThrow(/certificateFile.*insecure/);
      await expect(refuseExposure(config({ host, https }))).resolves.toBe(true);
      await expect(refuseExposure(config({ host, insecureHttp: true }))).resolves.toBe(true);
    },
  );

  it('is always on the machine for an embedded server', async () => {
    const embedded = { embedded: true, insecureHttp: true, host: '0.0.0.0' };
    await expect(refuseExposure(config(embedded))).rejects.toThrow(ExposureError);
    await expect(refuseExposure(config({ embedded: true, https }))).rejects.toThrow(/https/);
    await expect(refuseExposure(config({ embedded: true }))).resolves.toBe(false);
  });

  it('may be open for metrics only with a token that is safe on the way', async () => {
    const metrics = (host: string, token?: string) =>
      refuseExposure(config({ metrics: { host, port: 9100, token } }));
    await expect(metrics('127.0.0.1')).resolves.toBe(false);
    await expect(metrics('0.0.0.0')).rejects.toThrow(/Set metrics\.token/);
    await expect(metrics('0.0.0.0', 'Token-1')).rejects.toThrow(/read metrics\.token.*insecure/);
    await expect(metrics('0.0.0.0', 'Token-1')).rejects.not.toThrow('Token-1');
    const settings = { metrics: { host: '0.0.0.0', port: 9100, token: 'Token-1' }, https };
    await expect(refuseExposure(config(settings))).resolves.toBe(false);
  });

  it('is refused when it is none', async () => {
    const host = 'no-such-host.invalid';
    await expect(refuseExposure(config({ host }))).rejects.toThrow(/no address: choose another/);
  });
});
