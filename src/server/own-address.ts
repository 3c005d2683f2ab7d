import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';

/**
 * The address of this server as its own compute node: it runs all code on its own machine. It is
 * that of the port that the request has come to, whatever name a proxy before it has.
 */
export function ownAddress({ socket }: FastifyRequest): string {
  const scheme = (socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  return `${scheme}://localhost:${socket.localPort ?? 0}`;
}
