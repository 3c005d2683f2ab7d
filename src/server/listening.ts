import type { FastifyInstance } from 'fastify';
import type { ServerConfig } from './config.js';

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

/**
 * Starts listening.
 * @returns the URL that clients reach the server by
 * @throws {PortInUseError} or {ListenError}
 */
export async function listen(app: FastifyInstance, config: ServerConfig): Promise<string> {
  const { host, port } = config;
  await listenOn(config, '--port or SLIPWAY_PORT', () => app.listen({ host, port }));
  const address = app.server.address();
  if (address === null || typeof address === 'string') {
    throw new ListenError('The server listens on something that has no port.');
  }
  const scheme = config.https === undefined ? 'http' : 'https';
  return `${scheme}://${reachableHost(host)}:${address.port}`;
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
