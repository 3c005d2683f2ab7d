import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What is called: a POST of one body. */
export interface Target {
  readonly url: URL;
  readonly body: string;
  /** Access token; empty for none. */
  readonly token: string;
}

export interface Load {
  /** Kept alive; each sends its next request when the answer has come. */
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** Milliseconds from sending to the last byte of the answer, one per request. */
  readonly latencies: number[];
  readonly perSecond: number;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/**
 * Puts a target under load and measures each request by the microsecond, with next to no work of
 * its own: load generators that parse whole answers would take the processor from the servers.
 * @throws when an answer is not a 200
 */
export async function runLoad(target: Target, load: Load): Promise<LoadResult> {
  const request = encodeRequest(target);
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + load.seconds * 1000;
  await Promise.all(
    Array.from({ length: load.connections }, async () => {
      const socket = connect({
        host: target.url.hostname,
        port: Number(target.url.port),
        noDelay: true,
      });
      await once(socket, 'connect');
      await callUntil(end, socket, request, latencies);
      socket.destroy();
    }),
  );
  return { latencies, perSecond: (latencies.length * 1000) / (performance.now() - start) };
}

function encodeRequest({ url, body, token }: Target): Buffer {
  const head = [
    `POST ${url.pathname} HTTP/1.1`,
    `Host: ${url.host}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(token === '' ? [] : [`Authorization: Bearer ${token}`]),
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function callUntil(
  end: number,
  socket: Socket,
  request: Buffer,
  latencies: number[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    let answer: Buffer = Buffer.alloc(0);
    const send = () => {
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('data', (chunk: Buffer) => {
      answer = answer.byteLength === 0 ? chunk : Buffer.concat([answer, chunk]);
      const size = answerSize(answer);
      if (size === undefined || answer.byteLength < size) return;
      const now = performance.now();
      latencies.push(now - sentAt);
      if (answer.toString('latin1', 9, 12) !== '200') {
        reject(new Error(`The target answered ${answer.toString()}`));
      } else if (now < end) {
        answer = Buffer.alloc(0);
        send();
      } else {
        resolve();
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The target closed the connection.')));
    send();
  });
}

/** Bytes of the whole answer, or undefined while its head is incomplete. */
function answerSize(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(END_OF_HEAD);
  if (end === -1) return undefined;
  const length = /content-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1];
  if (length === undefined) throw new Error('The answer has no content-length.');
  return end + END_OF_HEAD.byteLength + Number(length);
}
