import { Dealer, Router, Proxy as ZmqProxy } from 'zeromq';
import { type ConnectionInfo, curveServerOptions, endpoint } from '../../src/jupyter/index.js';
import { bindSocket } from './bind.js';

/** The kernel's heartbeat, bound; it answers from `start` on for as long as the process lives. */
export interface Heartbeat {
  start(): void;
  close(): Promise<void>;
}

/**
 * Answers heartbeats without Node's event loop, which a large output may keep busy for longer than
 * clients wait. ZeroMQ's own proxy thread passes each ping to a dealer that is connected with
 * itself and so gets it back, and returns it to its sender.
 * @throws {SocketBindError}
 */
export async function bindHeartbeat(info: ConnectionInfo): Promise<Heartbeat> {
  const clients = new Router({ handover: true, linger: 0, ...curveServerOptions(info) });
  const mirror = new Dealer({ linger: 0 });
  await bindSocket(clients, 'heartbeat', endpoint(info, info.hb_port));
  await mirror.bind('inproc://heartbeat');
  mirror.connect('inproc://heartbeat');
  // A process with a running proxy does not end: it is run only once all sockets are bound.
  const proxy = new ZmqProxy(clients, mirror);
  let ended: Promise<void> | undefined;
  return {
    start() {
      ended ??= proxy.run();
    },
    async close() {
      proxy.terminate();
      await ended;
    },
  };
}
