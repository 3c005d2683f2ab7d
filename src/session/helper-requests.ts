import { v4 as uuid } from 'uuid';
import type { JsonValue } from '../api/index.js';
import {
  type Channel,
  createHeader,
  createMessage,
  decodeDict,
  decodeHeader,
  localUser,
  MalformedMessageError,
  parentId,
  type WireMessage,
} from '../jupyter/index.js';
import { LinkClosedError, SessionHelperError } from './errors.js';
import type { HelperReply, LinkEnd } from './link.js';

interface PendingRequest {
  resolve(reply: HelperReply): void;
  reject(error: Error): void;
}

/**
 * The requests to the session's helper (`slipway_request`) that wait for their answer, and the
 * messages that belong to them. A request stays known until its `idle`, which comes last.
 */
export class HelperRequests {
  readonly #session = uuid();
  readonly #username = localUser();
  readonly #pending = new Map<string, PendingRequest>();

  /** Builds a request and waits for its answer; `send` must put it on the shell channel. */
  ask(
    op: string,
    args: Record<string, unknown>,
    buffers: readonly Uint8Array[],
    send: (message: WireMessage) => void,
  ): Promise<HelperReply> {
    const header = createHeader('slipway_request', this.#session, this.#username);
    const message = createMessage(header, { ...args, op }, { buffers });
    return new Promise((resolve, reject) => {
      send(message);
      this.#pending.set(header.msg_id, { resolve, reject });
    });
  }

  /**
   * Takes a message that answers one of these requests; false when it belongs to another's, or is
   * something that the user's code printed meanwhile.
   */
  take(channel: Channel, message: WireMessage): boolean {
    if (this.#pending.size === 0) return false;
    const parent = parentId(message.parentHeader);
    const request = parent === undefined ? undefined : this.#pending.get(parent);
    if (parent === undefined || request === undefined) return false;
    const type = decodeHeader(message.header).msg_type;
    if (channel === 'iopub') {
      if (type !== 'status') return false;
      const { execution_state: state } = decodeDict(message.content, 'content');
      if (state === 'idle') this.#pending.delete(parent);
    } else if (type === 'slipway_reply') {
      settle(request, message);
    }
    return true;
  }

  /** Fails every request that has not been answered. */
  end(end: LinkEnd): void {
    for (const request of this.#pending.values()) request.reject(new LinkClosedError(end));
    this.#pending.clear();
  }
}

function settle(request: PendingRequest, message: WireMessage): void {
  const content = decodeDict(message.content, 'content of a helper’s reply');
  const { status, result, ename, evalue, traceback } = content;
  if (status === 'ok' && typeof result === 'object' && result !== null && !Array.isArray(result)) {
    request.resolve({
      result: result as { [key: string]: JsonValue },
      buffers: message.buffers,
    });
  } else if (status === 'error' && typeof ename === 'string' && typeof evalue === 'string') {
    const lines = Array.isArray(traceback) ? traceback.map(String) : [];
    request.reject(new SessionHelperError(ename, evalue, lines));
  } else {
    request.reject(
      new MalformedMessageError(`The session's helper answered with status ${String(status)}.`),
    );
  }
}
