import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

/** What a door does with a connection that has come in. */
export type Behaviour = (socket: Socket) => void;

/** A port on loopback behind which a test puts servers of all kinds, one after the other. */
export class Door {
  readonly #open = new Set<Socket>();
  #server: Server | undefined;

  private constructor(readonly port: number) {}

  /** A door that is closed: connections are refused. */
  static async create(): Promise<Door> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const door = new Door((server.address() as { port: number }).port);
    server.close();
    await once(server, 'close');
    return door;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Puts something behind the door, in place of what is there. */
  async put(behaviour: Behaviour): Promise<void> {
    await this.close();
    this.#server = createServer((socket) => {
      this.#open.add(socket);
      socket.on('close', () => this.#open.delete(socket));
      // The other side may leave at any moment.
      socket.on('error', () => socket.destroy());
      behaviour(socket);
    });
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Closes the door and every connection. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    for (const socket of this.#open) socket.destroy();
    await once(server, 'close');
  }
}

/** Passes everything on to the server at that address. */
export function forwardTo(target: string): Behaviour {
  const { hostname, port } = new URL(target);
  return (socket) => {
    const server = connect(Number(port), hostname);
    socket.setNoDelay(true);
    server.setNoDelay(true);
    server.on('error', () => socket.destroy());
    server.on('close', () => socket.destroy());
    socket.on('close', () => server.destroy());
    socket.pipe(server).pipe(socket);
  };
}

/** Answers each request with these bytes. */
export function answer(text: string): Behaviour {
  return (socket) => {
    socket.on('data', () => socket.write(text));
  };
}

/** An HTTP answer whose length is right. */
export function http(status: string, body: string, headers: readonly string[] = []): string {
  const lines = [`HTTP/1.1 ${status}`, ...headers, `content-length: ${Buffer.byteLength(body)}`];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Reads and never answers. */
export const silence: Behaviour = (socket) => {
  socket.resume();
};

/** Puts TLS in front of a behaviour, with one of the certificates of the tests. */
export async function behindTls(
  name: 'server' | 'elsewhere' | 'expired',
  behaviour: Behaviour,
): Promise<Behaviour> {
  const folder = join(import.meta.dirname, 'certificates');
  const [cert, key] = await Promise.all(
    ['pem', 'key'].map((ending) => readFile(join(folder, `${name}.${ending}`))),
  );
  const secureContext: SecureContext = createSecureContext({ cert: cert ?? '', key: key ?? '' });
  return (socket) => {
    const secure = new TLSSocket(socket, { isServer: true, secureContext });
    secure.on('error', () => socket.destroy());
    behaviour(secure);
  };
}

/** The authority that signed these certificates. */
export const TEST_AUTHORITY = join(import.meta.dirname, 'certificates', 'ca.pem');
