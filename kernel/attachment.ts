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
  const isShared = isOurs && (await hasOthers(attachment));
  await link.close();
  if (isOurs && !isShared) await client.sessions.forceClose(link.sessionId);
}

/**
 * Has the server end a session that is ours and start a fresh one with its files and name.
 * @param usualName what the next kernel calls a session of its own.
 * @returns the id of the fresh one; undefined, with nothing done, where that is of no use.
 */
export async function startSuccessor(
  attachment: Attachment,
  usualName: string,
): Promise<string | undefined> {
  const { client, link, name, isOurs } = attachment;
  if (!isOurs || link.isPlain || !link.isConnected) return undefined;
  if (await hasOthers(attachment)) return undefined;
  const files = await client.sessions.listFiles(link.sessionId);
  if (files.length === 0 && name === usualName) return undefined;
  return client.sessions.restart(link.sessionId);
}

/** Whether another kernel is attached to the session too: then its end is not ours to decide. */
async function hasOthers({ client, link }: Attachment): Promise<boolean> {
  if (link.isPlain) return false;
  const isListed = link.isConnected;
  const sessions = await client.sessions.details();
  const session = sessions?.find(({ id }) => id === link.sessionId);
  return (session?.attached.length ?? 0) > (isListed ? 1 : 0);
}
