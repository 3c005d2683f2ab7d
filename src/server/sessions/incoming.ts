import {
  type Channel,
  decodeDict,
  decodeHeader,
  MalformedMessageError,
  type WireMessage,
} from '../../jupyter/index.js';

/** The request that caused a message, as the message's parent header names it. */
export interface Cause {
  readonly id: string;
  /** The request's `msg_type`. */
  readonly type: string;
  /** The Jupyter session id of the client that sent it. */
  readonly session: string;
}

/** A message from a session with what routing needs; the rest of it is still bytes. */
export interface Incoming {
  readonly channel: Channel;
  readonly message: WireMessage;
  /** `msg_type` of its header. */
  readonly type: string;
  readonly cause: Cause | undefined;
}

/**
 * Reads a message's type and cause.
 * @throws {MalformedMessageError} when one of its headers is not what the protocol says.
 */
export function readIncoming(channel: Channel, message: WireMessage): Incoming {
  return {
    channel,
    message,
    type: decodeHeader(message.header).msg_type,
    cause: readCause(message.parentHeader),
  };
}

/** The `execution_state` of a `status` message. */
export function executionState(incoming: Incoming): string | undefined {
  if (incoming.type !== 'status') return undefined;
  const state = decodeDict(incoming.message.content, 'content').execution_state;
  return typeof state === 'string' ? state : undefined;
}

function readCause(parentHeader: Uint8Array): Cause | undefined {
  if (parentHeader.byteLength <= 2) return undefined;
  const { msg_id: id, msg_type: type, session } = decodeDict(parentHeader, 'parent header');
  if (id === undefined) return undefined;
  if (typeof id !== 'string' || typeof type !== 'string' || typeof session !== 'string') {
    throw new MalformedMessageError('A parent header lacks msg_id, msg_type or session.');
  }
  return { id, type, session };
}
