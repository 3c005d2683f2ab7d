import { readFileSync } from 'node:fs';

/** How to reach a kernel's sockets: the content of a Jupyter connection file. */
export interface ConnectionInfo {
  transport: 'tcp' | 'ipc';
  ip: string;
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
  key: string;
  signature_scheme: string;
}

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
  const wrong = wrongField(parsed);
  if (wrong !== undefined) {
    throw new ConnectionFileError(`The connection file ${path} is not valid: ${wrong}.`);
  }
  return parsed as ConnectionInfo;
}

/**
 * What is wrong with the content of a connection file. Checked by hand, as a kernel reads it before
 * anything else: loading a schema library would take longer than all that comes before the sockets
 * are bound.
 */
function wrongField(content: unknown): string | undefined {
  if (typeof content !== 'object' || content === null) return 'it holds no JSON object';
  const fields = content as Record<string, unknown>;
  for (const name of ['ip', 'key', 'signature_scheme', 'transport']) {
    if (typeof fields[name] !== 'string') return `"${name}" is not a string`;
  }
  for (const name of ['shell', 'iopub', 'stdin', 'control', 'hb']) {
    const port = fields[`${name}_port`];
    if (!Number.isInteger(port) || Number(port) < 0 || Number(port) > 65_535) {
      return `"${name}_port" is not a port number`;
    }
  }
  if (fields.ip === '') return '"ip" is empty';
  if (fields.transport !== 'tcp' && fields.transport !== 'ipc') {
    return `the transport "${fields.transport}" is neither tcp nor ipc`;
  }
  return undefined;
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
