import type { MessageHeader, WireMessage } from '../src/jupyter/index.js';

/** A request of a Jupyter client. */
export interface ClientRequest {
  readonly header: MessageHeader;
  readonly channel: 'shell' | 'control';
  /** Routing identities of the client, for its reply and for questions on stdin. */
  readonly identities: readonly Uint8Array[];
  readonly message: WireMessage;
}

/** Whether a request is a message of a comm, to which there is no reply. */
export function isCommMessage({ header }: ClientRequest): boolean {
  return header.msg_type.startsWith('comm_') && header.msg_type !== 'comm_info_request';
}

/** A reply of the session that is still to be sent. */
export interface SessionReply {
  readonly header: MessageHeader;
  readonly message: WireMessage;
}

/**
 * Waits for the end of a request in the session. An error reply, and the `idle` after it, are left
 * to whoever waits.
 */
export interface RequestWaiter {
  finished(errorReply: SessionReply | undefined): void;
  failed(error: Error): void;
}

/** A request and how far it has come. */
export interface OpenRequest extends ClientRequest {
  isBusy: boolean;
  isAnswered: boolean;
  /** Who waits for the end of the request, and takes its failure upon them. */
  waiter: RequestWaiter | undefined;
  /** Content of the session's reply, once it has come, for the waiter. */
  replyContent: Uint8Array | undefined;
  /** The error reply that the waiter is to send. */
  heldReply: SessionReply | undefined;
}

/** Finished requests whose headers are kept: threads that they left behind may still print. */
const REMEMBERED = 1000;

/** The requests that are being served, and the headers of those that lately were. */
export class RequestLog {
  readonly #open = new Map<string, OpenRequest>();
  readonly #finished = new Map<string, Uint8Array>();

  add(request: ClientRequest): OpenRequest {
    const open: OpenRequest = {
      ...request,
      isBusy: false,
      isAnswered: false,
      waiter: undefined,
      replyContent: undefined,
      heldReply: undefined,
    };
    this.#open.set(request.header.msg_id, open);
    return open;
  }

  find(id: string): OpenRequest | undefined {
    return this.#open.get(id);
  }

  /** The header of a request as its client sent it: parent headers are verbatim copies. */
  headerOf(id: string): Uint8Array | undefined {
    return this.#open.get(id)?.message.header ?? this.#finished.get(id);
  }

  finish(id: string): void {
    const request = this.#open.get(id);
    if (request === undefined) return;
    this.#open.delete(id);
    this.#finished.set(id, request.message.header);
    if (this.#finished.size > REMEMBERED) {
      const oldest = this.#finished.keys().next();
      if (!oldest.done) this.#finished.delete(oldest.value);
    }
  }

  /** Every request that is still open, oldest first. */
  open(): OpenRequest[] {
    return [...this.#open.values()];
  }
}
