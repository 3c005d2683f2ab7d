import { userInfo } from 'node:os';
import { v4 as uuid } from 'uuid';

/** The version of the messaging protocol that both sides of Slipway speak. */
export const PROTOCOL_VERSION = '5.5';

/** The Jupyter channels that carry messages; the heartbeat is an echo and has none. */
export type Channel = 'shell' | 'control' | 'stdin' | 'iopub';

/** The header of a Jupyter message, as the protocol defines it. */
export interface MessageHeader {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  /** ISO 8601. */
  date: string;
  version: string;
  /** Present on requests that a client directs to a subshell. */
  subshell_id?: string | null;
}

/**
 * A Jupyter message whose dictionaries are still the bytes that arrived.
 * The relay passes `metadata`, `content` and `buffers` on without reading them:
 * parsing one 27 MB output would block the event loop for half a second.
 */
export interface WireMessage {
  readonly header: Uint8Array;
  readonly parentHeader: Uint8Array;
  readonly metadata: Uint8Array;
  readonly content: Uint8Array;
  readonly buffers: readonly Uint8Array[];
}

export const EMPTY_DICT: Uint8Array = Buffer.from('{}');

/** A new header with a fresh id, dated now. */
export function createHeader(msgType: string, session: string, username: string): MessageHeader {
  return {
    msg_id: uuid(),
    msg_type: msgType,
    session,
    username,
    date: new Date().toISOString(),
    version: PROTOCOL_VERSION,
  };
}

/**
 * Name of the user whose process this is, for headers. A container may run under a user id that has
 * no entry among the system's users; then what the environment says, or else the name that
 * Jupyter's own messages have by default.
 */
export function localUser(): string {
  try {
    return userInfo().username;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
    return process.env.USER || 'username';
  }
}

/** JSON as the bytes of one dictionary of a message. */
export function encodeDict(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

/**
 * Reads one dictionary of a message.
 * @throws {MalformedMessageError} when the bytes are not a JSON object.
 */
export function decodeDict(bytes: Uint8Array, part: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch (error) {
    throw new MalformedMessageError(`The ${part} of a message is not JSON.`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedMessageError(`The ${part} of a message is not a JSON object.`);
  }
  return value as Record<string, unknown>;
}

/**
 * Reads a header and checks the fields that routing depends on.
 * @throws {MalformedMessageError} when `msg_id`, `msg_type` or `session` is not a string.
 */
export function decodeHeader(bytes: Uint8Array): MessageHeader {
  const header = decodeDict(bytes, 'header');
  for (const field of ['msg_id', 'msg_type', 'session']) {
    if (typeof header[field] !== 'string') {
      throw new MalformedMessageError(`The header of a message has no string "${field}".`);
    }
  }
  return header as unknown as MessageHeader;
}

/** The `msg_id` of a parent header, or undefined for a message that answers nothing. */
export function parentId(parentHeader: Uint8Array): string | undefined {
  if (parentHeader.byteLength <= 2) return undefined;
  const id = decodeDict(parentHeader, 'parent header').msg_id;
  return typeof id === 'string' ? id : undefined;
}

/** Builds a message from plain objects; `parent` may be the bytes of a received header. */
export function createMessage(
  header: MessageHeader,
  content: object,
  options: { parent?: Uint8Array; metadata?: object; buffers?: readonly Uint8Array[] } = {},
): WireMessage {
  return {
    header: encodeDict(header),
    parentHeader: options.parent ?? EMPTY_DICT,
    metadata: options.metadata === undefined ? EMPTY_DICT : encodeDict(options.metadata),
    content: encodeDict(content),
    buffers: options.buffers ?? [],
  };
}

/** Thrown when bytes that should be a Jupyter message are not; the message is dropped. */
export class MalformedMessageError extends Error {
  readonly code = 'MALFORMED_MESSAGE';
  override readonly name = 'MalformedMessageError';
}
