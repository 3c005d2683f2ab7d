import {
  type Channel,
  decodeDict,
  decodeHeader,
  decodeWebSocketFrame,
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
  /** Counts the session's messages over its life, from 1. */
  readonly number: number;
  /** The whole message, as a kernel's WebSocket takes it. */
  readonly frame: Buffer;
  readonly channel: Channel;
  readonly message: WireMessage;
  /** `msg_type` of its header. */
  readonly type: string;
  readonly cause: Cause | undefined;
}

/**
 * Reads a message's type and cause.
 * @throws {MalformedMessageError} when it is not what the protocol says.
 */
export function readIncoming(number: number, frame: Buffer): Incoming {
  const { channel, message } = decodeWebSocketFrame(frame);
  return {
    number,
    frame,
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

/** Whether requests of this type get a reply on the channel that they came by. */
export function isAnswered(type: string): boolean {
  return type.endsWith('_request');
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
