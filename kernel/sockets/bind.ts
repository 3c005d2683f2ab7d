import type { Router, XPublisher } from 'zeromq';

/** Thrown when a socket cannot be bound; the kernel does not start. */
export abstract class SocketBindError extends Error {
  abstract readonly code: string;
}

/** Thrown when another process has bound the address. */
export class PortTakenError extends SocketBindError {
  readonly code = 'PORT_TAKEN';
  override readonly name = 'PortTakenError';

  constructor(socket: string, address: string, options?: ErrorOptions) {
    super(
      `Another process uses ${address}, which is to be the kernel's ${socket} socket; start the kernel again, so that Jupyter picks other ports.`,
      options,
    );
  }
}

/** Thrown when the system has no such address, or does not give it to us. */
export class AddressNotBoundError extends SocketBindError {
  readonly code = 'ADDRESS_NOT_BOUND';
  override readonly name = 'AddressNotBoundError';

  constructor(socket: string, address: string, reason: string, options?: ErrorOptions) {
    super(
      `The kernel's ${socket} socket cannot be bound to ${address} (${reason}); the "ip" of the connection file must be an address of this machine.`,
      options,
    );
  }
}

/**
 * Binds a socket of the kernel.
 * @param name the socket's, as people know it.
 * @throws {SocketBindError}
 */
export async function bindSocket(
  socket: Pick<Router | XPublisher, 'bind'>,
  name: string,
  address: string,
): Promise<void> {
  try {
    await socket.bind(address);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') throw new PortTakenError(name, address, { cause: error });
    throw new AddressNotBoundError(name, address, message, { cause: error });
  }
}
