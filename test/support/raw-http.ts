import { request } from 'node:http';
import { connect } from 'node:net';
import type { TestServer } from './server.js';

/** An answer to a request that was sent as it stands. */
export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: { get(name: string): string | null };
}

/** A request that no well-behaved client sends: nothing of it is normalised or completed. */
export interface RawRequest {
  readonly method: string;
  /** Not normalised: `fetch` would resolve `../` before it sends anything. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent chunk by chunk, without a `Content-Length` unless the headers give one. */
  readonly chunks?: Iterable<string | Uint8Array>;
}

/** Sends a request with the administrator's token unless its headers give another. */
export function rawRequest(
  server: Pick<TestServer, 'url' | 'token'>,
  options: RawRequest,
): Promise<RawAnswer> {
  const { method, path, headers, chunks } = options;
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      hostname,
      port,
      method,
      path,
      headers: { authorization: `Bearer ${server.token}`, ...headers },
      agent: false,
    });
    let answered = false;
    outgoing.on('response', (incoming) => {
      answered = true;
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const get = (name: string) => {
          const value = incoming.headers[name];
          return typeof value === 'string' ? value : null;
        };
        const text = Buffer.concat(pieces).toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, text, headers: { get } });
        outgoing.destroy();
      });
    });
    outgoing.on('error', (error) => {
      // A server that refuses early closes the connection while the rest is being sent.
      if (!answered) reject(error);
    });
    for (const chunk of chunks ?? []) outgoing.write(chunk);
    outgoing.end();
  });
}

/** Sends bytes and reads what comes back until the server closes the connection. */
export function exchangeBytes(server: TestServer, bytes: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      text += piece;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}
