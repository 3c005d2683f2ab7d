import { Router } from 'zeromq';
import { type ConnectionInfo, curveServerOptions, endpoint } from '../../src/jupyter/index.js';
import { bindSocket } from './bind.js';
import { bindHeartbeat } from './heartbeat.js';
import { Publisher } from './publisher.js';

/** The sockets of a kernel, bound. */
export interface KernelSockets {
  readonly shell: Router;
  readonly control: Router;
  readonly stdin: Router;
  readonly iopub: Publisher;
  /** Sends what is left, for a second at most, and closes. */
  close(): Promise<void>;
}

/** Milliseconds that a closing socket takes to send its last messages, such as the shutdown reply. */
const LINGER = 1000;
// The default of 1000 messages drops output without a word when a client reads slowly.
const UNLIMITED = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: LINGER } as const;

/**
 * Binds the five sockets of a connection file; with CurveZMQ where the file has keys, so that who
 * does not know the public key is refused before a message is read.
 * @throws {SocketBindError}
 */
export async function bindSockets(info: ConnectionInfo): Promise<KernelSockets> {
  const options = { ...UNLIMITED, ...curveServerOptions(info) };
  // Without handover a client that reconnects under its identity is ignored.
  const router = () => new Router({ ...options, handover: true });
  const [shell, control, stdin] = [router(), router(), router()];
  const iopub = new Publisher(options);
  const [heartbeat] = await Promise.all([
    bindHeartbeat(info),
    bindSocket(shell, 'shell', endpoint(info, info.shell_port)),
    bindSocket(control, 'control', endpoint(info, info.control_port)),
    bindSocket(stdin, 'stdin', endpoint(info, info.stdin_port)),
    bindSocket(iopub, 'iopub', endpoint(info, info.iopub_port)),
  ]);
  heartbeat.start();
  return {
    shell,
    control,
    stdin,
    iopub,
    async close() {
      for (const socket of [shell, control, stdin, iopub]) socket.close();
      await heartbeat.close();
    },
  };
}
