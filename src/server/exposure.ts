import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { join } from 'node:path';
import { PASSWORD_FILE } from './accounts.js';
import type { ServerConfig } from './config.js';

/** Thrown instead of listening where others would reach a server that is not fit for it. */
export class ExposureError extends Error {
  readonly code = 'EXPOSURE';
  override readonly name = 'ExposureError';
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether only this machine reaches what listens on a host.
 * @throws {ExposureError} for a name without an address
 */
export async function isLoopback(host: string): Promise<boolean> {
  const addresses = isIP(host) === 0 ? await addressesOf(host) : [host];
  return addresses.every((address) =>
    LOOPBACK.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'),
  );
}

async function addressesOf(host: string): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new ExposureError(`${JSON.stringify(host)} has no address: choose another --host.`, {
      cause: error,
    });
  }
}

/**
 * Refuses an address where other machines reach the server, unless passwords and tokens are safe on
 * the way. A user's own server stays on its machine in any case, since its password stands in a
 * file for every program of the user.
 * @returns whether other machines reach it
 * @throws {ExposureError}
 */
export async function refuseExposure(config: ServerConfig): Promise<boolean> {
  const { host, embedded, https, insecureHttp } = config;
  if (embedded && https !== undefined) {
    throw new ExposureError(
      "An embedded server is one user's own and speaks HTTP on this machine alone. Leave out https, or --embedded.",
    );
  }
  await refuseOpenMetrics(config);
  if (await isLoopback(host)) return false;
  if (embedded) {
    throw new ExposureError(
      `An embedded server is one user's own: it listens on 127.0.0.1, and not on ${host}. Leave out --embedded for a server for others.`,
    );
  }
  if (https === undefined && !insecureHttp) {
    throw new ExposureError(
      `Other machines reach ${host}, and over HTTP everybody on the way can read passwords and tokens. Set https.certificateFile and https.keyFile, or listen on 127.0.0.1 behind a proxy that speaks TLS. Where the way from the proxy is safe, --insecure-http allows it.`,
    );
  }
  return true;
}

/** Metrics tell which services are used and how much: on the network they want a token. */
async function refuseOpenMetrics({ metrics, https, insecureHttp }: ServerConfig): Promise<void> {
  if (metrics === undefined || (await isLoopback(metrics.host))) return;
  if (metrics.token === undefined) {
    throw new ExposureError(
      `Other machines reach ${metrics.host}, where everybody could read the metrics. Set metrics.token, or metrics.host to 127.0.0.1.`,
    );
  }
  if (https === undefined && !insecureHttp) {
    throw new ExposureError(
      `Other machines reach ${metrics.host}, and over HTTP everybody on the way can read metrics.token. Set https.certificateFile and https.keyFile, or metrics.host to 127.0.0.1. Where the way is safe, --insecure-http allows it.`,
    );
  }
}

/**
 * Refuses to let others reach a server whose `admin` nobody has given a password, unless passwords
 * do not count there.
 * @throws {ExposureError}
 */
export function refuseMadeUpPassword(config: ServerConfig): void {
  const { host, dataDirectory, authentication } = config;
  if (authentication.openid !== undefined || authentication.ldap !== undefined) return;
  if (!existsSync(join(dataDirectory, PASSWORD_FILE))) return;
  throw new ExposureError(
    `Other machines reach ${host}, and the account admin has the password that its first start made up. Set your own first: slipway user password --data '${dataDirectory}'`,
  );
}
