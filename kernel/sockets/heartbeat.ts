import { Dealer, Router, Proxy as ZmqProxy } from 'zeromq';

/** The kernel's heartbeat; it answers for as long as the process lives. */
export interface Heartbeat {
  close(): Promise<void>;
}

/**
 * Answers heartbeats without Node's event loop, which a large output may keep busy for longer than
 * clients wait. ZeroMQ's own proxy thread passes each ping to a dealer that is connected with
 * itself and so gets it back, and returns it to its sender.
 */
export async function startHeartbeat(address: string): Promise<Heartbeat> {
  const clients = new Router({ handover: true, linger: 0 });
  const mirror = new Dealer({ linger: 0 });
  await clients.bind(address);
  await mirror.bind('inproc://heartbeat');
  mirror.connect('inproc://heartbeat');
  const proxy = new ZmqProxy(clients, mirror);
  const ended = proxy.run();
  return {
    async close() {
      proxy.terminate();
      await ended;
    },
  };
}
