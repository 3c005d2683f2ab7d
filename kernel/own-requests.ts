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

/** What may go with a request of the kernel's own. */
export interface OwnRequestOptions {
  readonly metadata?: Uint8Array;
  readonly onOutput?: OutputListener;
  /** The subshell that is to serve it. */
  readonly subshell?: string;
  /** The header of the cell that it is a part of. */
  readonly cell?: Uint8Array;
}

/** Parts of cells that are remembered: threads that they left behind may still print. */
const REMEMBERED = 1000;

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
  readonly #cells = new Map<string, Uint8Array>();

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
    options: OwnRequestOptions = {},
  ): Promise<Record<string, unknown>> {
    const { metadata, onOutput, subshell, cell } = options;
    const plain = createHeader(type, this.session, this.username);
    const header = subshell === undefined ? plain : { ...plain, subshell_id: subshell };
    const message = createMessage(header, content);
    if (cell !== undefined) this.#remember(header.msg_id, cell);
    return new Promise((resolve, reject) => {
      link.send(channel, metadata === undefined ? message : { ...message, metadata });
      this.#pending.set(header.msg_id, { link, onOutput, reply: undefined, resolve, reject });
    });
  }

  /**
   * Takes a message that belongs to one of these requests; false when it is a client's, and for
   * what user code publishes during a request that does not ask for it: a thread that prints while
   * the session answers a question of ours.
   */
  take(channel: Channel, parent: string, header: MessageHeader, message: WireMessage): boolean {
    const pending = this.#pending.get(parent);
    if (pending === undefined) return false;
    if (channel === 'shell' || channel === 'control') {
      pending.reply = message;
    } else if (header.msg_type === 'execute_input') {
      return true;
    } else if (header.msg_type !== 'status') {
      pending.onOutput?.(channel, header, message);
      return pending.onOutput !== undefined;
    } else if (decodeDict(message.content, 'content').execution_state === 'idle') {
      this.#pending.delete(parent);
      finish(pending);
    }
    return true;
  }

  /** The header of the cell that a request, which may have ended, is or was a part of. */
  cellOf(id: string): Uint8Array | undefined {
    return this.#cells.get(id);
  }

  /** Fails every request that went over a link that has ended. */
  end(link: SessionLink, end: LinkEnd): void {
    for (const [id, pending] of this.#pending) {
      if (pending.link !== link) continue;
      this.#pending.delete(id);
      pending.reject(new LinkClosedError(end));
    }
  }

  #remember(id: string, cell: Uint8Array): void {
    this.#cells.set(id, cell);
    if (this.#cells.size <= REMEMBERED) return;
    const oldest = this.#cells.keys().next();
    if (!oldest.done) this.#cells.delete(oldest.value);
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
