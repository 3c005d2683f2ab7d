import { readFileSync } from 'node:fs';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';

const Port = Type.Integer({ minimum: 0, maximum: 65_535 });

/** How to reach a kernel's sockets: the content of a Jupyter connection file. */
export const ConnectionInfo = Type.Object({
  transport: Type.Union([Type.Literal('tcp'), Type.Literal('ipc')]),
  ip: Type.String({ minLength: 1 }),
  shell_port: Port,
  iopub_port: Port,
  stdin_port: Port,
  control_port: Port,
  hb_port: Port,
  key: Type.String(),
  signature_scheme: Type.String(),
});
export type ConnectionInfo = Static<typeof ConnectionInfo>;

/**
 * Reads a connection file.
 * @throws {ConnectionFileError} when it cannot be read or lacks a field.
 */
export function readConnectionFile(path: string): ConnectionInfo {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConnectionFileError(
      `The connection file ${path} cannot be read: ${(error as Error).message}. Start the kernel through Jupyter, which writes it.`,
      { cause: error },
    );
  }
  if (!Value.Check(ConnectionInfo, parsed)) {
    const first = Value.Errors(ConnectionInfo, parsed)[0];
    throw new ConnectionFileError(
      `The connection file ${path} is not valid: ${first?.instancePath || '/'} ${first?.message}.`,
    );
  }
  return parsed;
}

/** The ZeroMQ address of one of a kernel's sockets. */
export function endpoint(info: ConnectionInfo, port: number): string {
  const separator = info.transport === 'ipc' ? '-' : ':';
  return `${info.transport}://${info.ip}${separator}${port}`;
}

/** Thrown when a connection file is missing, unreadable or wrong; the kernel does not start. */
export class ConnectionFileError extends Error {
  readonly code = 'CONNECTION_FILE';
  override readonly name = 'ConnectionFileError';
}
