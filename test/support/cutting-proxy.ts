import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on loopback whose connections a test cuts as a bad network would. */
export interface CuttingProxy {
  readonly url: string;
  /** How many connections have been cut. */
  readonly cuts: number;
  /** Resets every connection that is open. */
  cut(): void;
  /** From now on closes connections on which nothing passes for that many milliseconds. */
  limitIdle(milliseconds: number): void;
  close(): Promise<void>;
}

/** Starts a proxy to the server at `target`. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let cuts = 0;
  let idleLimit = 0;
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      open.add(from);
      from.setNoDelay(true);
      from.setTimeout(idleLimit);
      from.on('timeout', () => {
        cuts += 1;
        client.destroy();
        server.destroy();
      });
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address() as { port: number };
  return {
    url: `http://127.0.0.1:${address.port}`,
    get cuts() {
      return cuts;
    },
    cut() {
      cuts += open.size / 2;
      for (const socket of open) socket.resetAndDestroy();
    },
    limitIdle(milliseconds) {
      idleLimit = milliseconds;
      for (const socket of open) socket.setTimeout(milliseconds);
    },
    async close() {
      for (const socket of open) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
