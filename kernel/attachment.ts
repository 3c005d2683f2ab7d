import type { RServerClient } from '../src/client/index.js';
import type { SessionLink } from '../src/session/index.js';

/** A session that the kernel is attached to. */
export interface Attachment {
  readonly client: RServerClient;
  readonly link: SessionLink;
  readonly name: string;
  /** Whether this kernel started the session and is to close it. */
  isOurs: boolean;
}

/** Leaves a session, and closes it when it is ours and nobody else uses it. */
export async function closeOurs(attachment: Attachment | undefined): Promise<void> {
  if (attachment === undefined) return;
  const { client, link, isOurs } = attachment;
  let isShared = false;
  try {
    isShared = isOurs && (await hasOthers(attachment));
  } finally {
    await link.close();
  }
  if (isOurs && !isShared) await client.sessions.forceClose(link.sessionId);
}

/** Whether another kernel is attached to the session too: then its end is not ours to decide. */
export async function hasOthers({ client, link }: Attachment): Promise<boolean> {
  if (link.isPlain) return false;
  const isListed = link.isConnected;
  const sessions = await client.sessions.details();
  const session = sessions?.find(({ id }) => id === link.sessionId);
  return (session?.attached.length ?? 0) > (isListed ? 1 : 0);
}
