import {
  type Channel,
  createHeader,
  createMessage,
  decodeDict,
  type MessageHeader,
  type WireMessage,
} from '../src/jupyter/index.js';
import { LinkClosedError, type LinkEnd, type SessionLink } from '../src/session/index.js';

/** What the session publishes or asks for a request of the kernel's own. */
export type OutputListener = (
  channel: 'iopub' | 'stdin',
  header: MessageHeader,
  message: WireMessage,
) => void;

interface Pending {
  readonly link: SessionLink;
  readonly onOutput: OutputListener | undefined;
  reply: WireMessage | undefined;
  resolve(content: Record<string, unknown>): void;
  reject(error: Error): void;
}

/** Requests that the kernel itself sends to the session: pieces of cells, and questions about it. */
export class OwnRequests {
  readonly #pending = new Map<string, Pending>();

  /** @param session session id in the headers of these requests. */
  constructor(
    private readonly session: string,
    private readonly username: string,
  ) {}

  /**
   * Sends a request and waits for the end of it: its outputs have been passed to `onOutput`, status
   * and execute_input excepted, when the content of the reply is returned.
   * @throws {LinkClosedError}
   */
  request(
    link: SessionLink,
    channel: 'shell' | 'control',
    type: string,
    content: object,
    options: { metadata?: Uint8Array; onOutput?: OutputListener; subshell?: string } = {},
  ): Promise<Record<string, unknown>> {
    const { metadata, onOutput, subshell } = options;
    const plain = createHeader(type, this.session, this.username);
    const header = subshell === undefined ? plain : { ...plain, subshell_id: subshell };
    const message = createMessage(header, content);
    return new Promise((resolve, reject) => {
      link.send(channel, metadata === undefined ? message : { ...message, metadata });
      this.#pending.set(header.msg_id, { link, onOutput, reply: undefined, resolve, reject });
    });
  }

  /** Takes a message that belongs to one of these requests; false when it is a client's. */
  take(channel: Channel, parent: string, header: MessageHeader, message: WireMessage): boolean {
    const pending = this.#pending.get(parent);
    if (pending === undefined) return false;
    if (channel === 'shell' || channel === 'control') {
      pending.reply = message;
    } else if (header.msg_type !== 'status') {
      if (header.msg_type !== 'execute_input') pending.onOutput?.(channel, header, message);
    } else if (decodeDict(message.content, 'content').execution_state === 'idle') {
      this.#pending.delete(parent);
      finish(pending);
    }
    return true;
  }

  /** Fails every request that went over a link that has ended. */
  end(link: SessionLink, end: LinkEnd): void {
    for (const [id, pending] of this.#pending) {
      if (pending.link !== link) continue;
      this.#pending.delete(id);
      pending.reject(new LinkClosedError(end));
    }
  }
}

function finish({ reply, resolve, reject }: Pending): void {
  // To a type that it does not know a session says nothing, and goes idle.
  if (reply === undefined) {
    resolve({ status: 'unknown' });
    return;
  }
  try {
    resolve(decodeDict(reply.content, 'content of a reply'));
  } catch (error) {
    reject(error as Error);
  }
}
