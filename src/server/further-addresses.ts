import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';

/** What a machine answers that does not have an address, such as `::1` without IPv6. */
const NOT_HERE: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * The addresses where a server listens that is to listen on a host: for `localhost` all that it
 * stands for, because clients take the one or the other; anything else is left to the system.
 */
export async function addressesOf(host: string): Promise<readonly [string, ...string[]]> {
  if (host !== 'localhost') return [host];
  const found = new Set((await lookup(host, { all: true })).map(({ address }) => address));
  const [first = host, ...others] = found;
  return [first, ...others];
}

/** More addresses of a server, at the port of its first one. */
export class FurtherAddresses {
  readonly #listeners: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /**
   * @param server gets the connections as its own, so that it speaks TLS by one certificate
   * @param speaksTls whether it does; otherwise clients may end their side first
   */
  constructor(
    private readonly server: Server,
    private readonly speaksTls: boolean,
    private readonly log: Pick<Logger, 'warn'>,
  ) {}

  /** Listens on one more, if that is possible; the server can do without, and the log says so. */
  async listen(host: string, port: number): Promise<void> {
    const options = { noDelay: true, allowHalfOpen: !this.speaksTls };
    const listener = createServer(options, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      this.server.emit('connection', socket);
    });
    try {
      listener.listen(port, host);
      await once(listener, 'listening');
    } catch (error) {
      if (NOT_HERE.has(String((error as NodeJS.ErrnoException).code))) return;
      this.log.warn(
        { err: error },
        `The server does not listen on port ${port} of ${host}, which is localhost, too.`,
      );
      return;
    }
    this.#listeners.push(listener);
  }

  /** Takes no more connections, and waits until those that came have ended. */
  async close(): Promise<void> {
    const open = this.#listeners.splice(0);
    await Promise.all(
      open.map((listener) => new Promise<void>((resolve) => listener.close(() => resolve()))),
    );
  }

  /** Ends the connections that are left, one too that has never begun to speak. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
