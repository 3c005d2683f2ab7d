import {
  type Channel,
  decodeDict,
  decodeHeader,
  type MessageHeader,
  parentId,
  type WireMessage,
} from '../src/jupyter/index.js';
import { LinkClosedError, type LinkEnd, type SessionLink } from '../src/session/index.js';
import { errorContent, UnansweredCellError } from './failure.js';
import { answerWithoutSession } from './fallback.js';
import type { Frontend } from './frontend.js';
import type { InputDesk } from './input.js';
import type { OwnRequests } from './own-requests.js';
import type { OpenRequest, RequestLog } from './requests.js';

/**
 * Passes messages between clients and session. Headers are re-issued and parents restored to what
 * the client sent; metadata, content and buffers are not read.
 */
export class Relay {
  /** The cell whose magics ask the session's helper. */
  #askingCell: OpenRequest | undefined;
  /** Requests that the session has, by the link that they went over. */
  readonly #sent = new Map<OpenRequest, SessionLink>();

  constructor(
    private readonly frontend: Frontend,
    private readonly requests: RequestLog,
    private readonly own: OwnRequests,
    private readonly input: InputDesk,
  ) {}

  /**
   * Sends a client's request to the session.
   * @param header in place of the client's own, to direct the request to a subshell.
   * @throws {LinkClosedError}
   */
  toSession(link: SessionLink, request: OpenRequest, header?: Uint8Array): void {
    const { message, channel } = request;
    link.send(channel, header === undefined ? message : { ...message, header });
    this.#sent.set(request, link);
  }

  /** Names the cell that gets what user code prints while the session's helper runs it. */
  setAskingCell(request: OpenRequest | undefined): void {
    this.#askingCell = request;
  }

  /** Takes a message of the session. @throws {MalformedMessageError} */
  fromSession(channel: Channel, message: WireMessage): void {
    const parent = parentId(message.parentHeader);
    const header = decodeHeader(message.header);
    if (parent !== undefined && this.own.take(channel, parent, header, message)) return;
    if (channel === 'iopub') {
      this.#published(parent, header, message);
      return;
    }
    const request = parent === undefined ? undefined : this.requests.find(parent);
    if (request === undefined) return;
    if (channel === 'stdin') {
      this.input.forward(request, header, message);
      return;
    }
    if (request.waiter !== undefined) {
      request.replyContent = message.content;
      if (isError(message)) {
        request.heldReply = { header, message };
        return;
      }
    }
    this.frontend.forwardReply(request, message, header);
  }

  /** Settles what the session of a link that has ended can answer no more. */
  linkEnded(link: SessionLink, end: LinkEnd): void {
    const failure = new LinkClosedError(end);
    for (const [request, sentOver] of this.#sent) {
      if (sentOver !== link) continue;
      this.#sent.delete(request);
      if (request.waiter !== undefined) request.waiter.failed(failure);
      else this.serveWithoutSession(request, failure);
    }
  }

  /** Answers a request that no session can serve. */
  serveWithoutSession(request: OpenRequest, failure: Error): void {
    const { msg_type: type } = request.header;
    this.frontend.serve(request, answerWithoutSession(type, errorContent(failure)));
  }

  #published(parent: string | undefined, header: MessageHeader, message: WireMessage): void {
    if (header.msg_type !== 'status') {
      this.frontend.forwardPublished(message, header, this.#parentOf(parent, message));
      return;
    }
    // A status without a request of ours is about the session process, not about this kernel.
    const request = parent === undefined ? undefined : this.requests.find(parent);
    if (request === undefined) return;
    const state = decodeDict(message.content, 'content').execution_state;
    if (state === 'busy') this.frontend.busy(request);
    if (state === 'idle') {
      this.#sent.delete(request);
      const { waiter, heldReply, isAnswered } = request;
      if (waiter !== undefined && heldReply === undefined && !isAnswered) {
        waiter.failed(new UnansweredCellError());
        return;
      }
      if (heldReply === undefined) this.frontend.idle(request);
      waiter?.finished(heldReply);
    }
  }

  /** The parent header as its client sent it, where the parent is a request of a client. */
  #parentOf(parent: string | undefined, message: WireMessage): Uint8Array {
    const verbatim = parent === undefined ? undefined : this.requests.headerOf(parent);
    if (verbatim !== undefined) return verbatim;
    const { msg_type: type } = decodeDict(message.parentHeader, 'parent header');
    const asking = type === 'slipway_request' ? this.#askingCell : undefined;
    return asking?.message.header ?? message.parentHeader;
  }
}

/** Whether a reply reports an error; it stands in the metadata too, so that content is not read. */
function isError(reply: WireMessage): boolean {
  return decodeDict(reply.metadata, 'metadata').status === 'error';
}
