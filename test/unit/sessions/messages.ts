import {
  type Channel,
  createHeader,
  createMessage,
  encodeDict,
  encodeWebSocketFrame,
} from '../../../src/jupyter/index.js';
import { type Incoming, readIncoming } from '../../../src/server/sessions/incoming.js';

/** A message of a session as it comes from the wire. */
export function incoming(
  channel: Channel,
  type: string,
  content: object = {},
  cause?: { id: string; type: string; session?: string },
): Incoming {
  const parent = cause && {
    msg_id: cause.id,
    msg_type: cause.type,
    session: cause.session ?? 'client',
  };
  const message = createMessage(
    createHeader(type, 'kernel', 'test'),
    content,
    parent ? { parent: encodeDict(parent) } : {},
  );
  return readIncoming(1, encodeWebSocketFrame(channel, message));
}
