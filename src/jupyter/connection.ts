import { readFileSync } from 'node:fs';
import {
  ConnectionAddressError,
  ConnectionCurveKeysError,
  ConnectionFileMissingError,
  ConnectionFileSyntaxError,
  ConnectionFileUnreadableError,
  ConnectionKeyError,
  ConnectionPortError,
  ConnectionTransportError,
} from './connection-errors.js';

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
  /**
   * Z85 keys of the kernel's CurveZMQ server, where Jupyter wants the sockets encrypted
   * (`transport_encryption` of jupyter_client 8.9 and newer). Either both or neither.
   */
  curve_publickey?: string;
  curve_secretkey?: string;
}

/** The sockets of a kernel, by the names that their ports have in a connection file. */
const SOCKETS = ['shell', 'iopub', 'stdin', 'control', 'hb'] as const;

/** 32 bytes as Z85: 40 characters (https://rfc.zeromq.org/spec/32/). */
const Z85_KEY = /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/;

/**
 * Reads a connection file.
 * @throws {ConnectionFileError} one class per cause, when it cannot be read or a field is wrong.
 */
export function readConnectionFile(path: string): ConnectionInfo {
  let parsed: unknown;
  const text = readText(path);
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    // What the parser says quotes the file, which holds the key.
    if (!(error instanceof SyntaxError)) throw error;
    throw new ConnectionFileSyntaxError(path, text.trim() === '' ? 'is empty' : 'is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ConnectionFileSyntaxError(path, 'holds no JSON object');
  }
  checkFields(path, parsed as Record<string, unknown>);
  return parsed as ConnectionInfo;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new ConnectionFileMissingError(path, { cause: error });
    }
    const reason = code === 'EISDIR' ? 'it is a directory' : message.replace(/,.*/, '');
    throw new ConnectionFileUnreadableError(path, reason, { cause: error });
  }
}

/**
 * Checked by hand, as a kernel reads its connection file before anything else: loading a schema
 * library would take longer than all that comes before the sockets are bound.
 */
function checkFields(path: string, fields: Record<string, unknown>): void {
  const { transport, ip } = fields;
  if (transport !== 'tcp' && transport !== 'ipc') {
    throw new ConnectionTransportError(path, transport);
  }
  if (typeof ip !== 'string' || ip === '') throw new ConnectionAddressError(path);
  for (const field of ['key', 'signature_scheme'] as const) {
    if (typeof fields[field] !== 'string') throw new ConnectionKeyError(path, field);
  }
  checkPorts(path, fields);
  const { curve_publickey: publicKey, curve_secretkey: secretKey } = fields;
  if (publicKey === undefined && secretKey === undefined) return;
  // Half a pair must not mean that everything goes over the wire in plain text.
  if (!isCurveKey(publicKey) || !isCurveKey(secretKey)) throw new ConnectionCurveKeysError(path);
}

function checkPorts(path: string, fields: Record<string, unknown>): void {
  const taken = new Map<number, string>();
  for (const name of SOCKETS) {
    const port = fields[`${name}_port`];
    if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new ConnectionPortError(path, `"${name}_port" is not a port number`);
    }
    const other = taken.get(port);
    if (other !== undefined) {
      throw new ConnectionPortError(path, `"${other}_port" and "${name}_port" are both ${port}`);
    }
    taken.set(port, name);
  }
}

function isCurveKey(key: unknown): boolean {
  return typeof key === 'string' && Z85_KEY.test(key);
}

/** The ZeroMQ address of one of a kernel's sockets. */
export function endpoint(info: ConnectionInfo, port: number): string {
  const separator = info.transport === 'ipc' ? '-' : ':';
  return `${info.transport}://${info.ip}${separator}${port}`;
}

/** The options with which a socket that is to be bound asks its clients for CurveZMQ. */
export function curveServerOptions(info: ConnectionInfo): {
  curveServer?: true;
  curvePublicKey?: string;
  curveSecretKey?: string;
} {
  if (info.curve_publickey === undefined || info.curve_secretkey === undefined) return {};
  return {
    curveServer: true,
    curvePublicKey: info.curve_publickey,
    curveSecretKey: info.curve_secretkey,
  };
}
