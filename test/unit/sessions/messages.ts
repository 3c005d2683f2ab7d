import {
  type Channel,
  createHeader,
  createMessage,
  encodeDict,
} from '../../../src/jupyter/index.js';
import { type Incoming, readIncoming } from '../../../src/server/sessions/incoming.js';

/** A message of a session as it would come off a socket. */
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
  return readIncoming(
    channel,
    createMessage(
      createHeader(type, 'kernel', 'test'),
      content,
      parent ? { parent: encodeDict(parent) } : {},
    ),
  );
}
