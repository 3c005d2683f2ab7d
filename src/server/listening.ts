import type { FastifyInstance } from 'fastify';
import type { ServerConfig } from './config.js';
import { addressesOf, FurtherAddresses } from './further-addresses.js';

/** Where to listen. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/** Thrown when another program listens on the port. */
export class PortInUseError extends Error {
  readonly code = 'PORT_IN_USE';
  override readonly name = 'PortInUseError';

  /** @param settings how to choose another port */
  constructor({ host, port }: Address, settings: string, options: ErrorOptions) {
    super(
      `Port ${port} of ${host} is taken by another program. Stop it, or choose another port with ${settings}.`,
      options,
    );
  }
}

/** Thrown when the server cannot listen on an address for another reason. */
export class ListenError extends Error {
  readonly code = 'LISTEN';
  override readonly name = 'ListenError';
}

/** Where a server listens. */
export interface Listening {
  /** Clients reach it by that. */
  readonly url: string;
  /** Those that the application does not close itself. */
  readonly further: FurtherAddresses;
}

/**
 * Starts listening.
 * @throws {PortInUseError} or {ListenError}
 */
export async function listen(app: FastifyInstance, config: ServerConfig): Promise<Listening> {
  const { host, port } = config;
  let others: readonly string[] = [];
  await listenOn(config, '--port or SLIPWAY_PORT', async () => {
    const [first, ...rest] = await addressesOf(host);
    others = rest;
    // By its name Fastify would make a server for each address, of which one alone gets a renewed
    // certificate.
    await app.listen({ host: first, port });
  });
  const address = app.server.address();
  if (address === null || typeof address === 'string') {
    throw new ListenError('The server listens on something that has no port.');
  }
  const isTls = config.https !== undefined;
  const further = new FurtherAddresses(app.server, isTls, app.log);
  for (const other of others) await further.listen(other, address.port);
  const url = `${isTls ? 'https' : 'http'}://${reachableHost(host)}:${address.port}`;
  return { url, further };
}

/**
 * Listens by a function, whose failure is told in terms of the settings.
 * @param settings how to choose another port
 * @throws {PortInUseError} or {ListenError}
 */
export async function listenOn(
  { host, port }: Address,
  settings: string,
  start: () => Promise<unknown>,
): Promise<void> {
  try {
    await start();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new PortInUseError({ host, port }, settings, { cause: error });
    throw new ListenError(
      `The server cannot listen on port ${port} of ${host}: ${message}. Choose another host, or another port with ${settings}.`,
      { cause: error },
    );
  }
}

/** A host that a client on this machine can connect to. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0') {
    return '127.0.0.1';
  }
  if (host === '::') {
    return '[::1]';
  }
  return host.includes(':') ? `[${host}]` : host;
}
