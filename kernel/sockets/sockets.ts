import { Router, XPublisher } from 'zeromq';
import { type ConnectionInfo, endpoint } from '../../src/jupyter/index.js';
import { startHeartbeat } from './heartbeat.js';

/** The sockets of a kernel, bound. */
export interface KernelSockets {
  readonly shell: Router;
  readonly control: Router;
  readonly stdin: Router;
  readonly iopub: XPublisher;
  /** Sends what is left, for a second at most, and closes. */
  close(): Promise<void>;
}

/** Milliseconds that a closing socket takes to send its last messages, such as the shutdown reply. */
const LINGER = 1000;
// The default of 1000 messages drops output without a word when a client reads slowly.
const UNLIMITED = { sendHighWaterMark: 0, receiveHighWaterMark: 0, linger: LINGER } as const;

/** Binds the five sockets of a connection file. */
export async function bindSockets(info: ConnectionInfo): Promise<KernelSockets> {
  // Without handover a client that reconnects under its identity is ignored.
  const [shell, control, stdin] = [0, 1, 2].map(
    () => new Router({ ...UNLIMITED, handover: true }),
  ) as [Router, Router, Router];
  const iopub = new XPublisher({ ...UNLIMITED });
  // Every subscriber is to be welcomed, also the second one to the same topic.
  iopub.verbosity = 'allSubs';
  const [heartbeat] = await Promise.all([
    startHeartbeat(endpoint(info, info.hb_port)),
    shell.bind(endpoint(info, info.shell_port)),
    control.bind(endpoint(info, info.control_port)),
    stdin.bind(endpoint(info, info.stdin_port)),
    iopub.bind(endpoint(info, info.iopub_port)),
  ]);
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
