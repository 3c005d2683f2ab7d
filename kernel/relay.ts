import {
  type Channel,
  createHeader,
  decodeDict,
  decodeHeader,
  encodeDict,
  type MessageHeader,
  parentId,
  type WireMessage,
} from '../src/jupyter/index.js';
import { LinkClosedError, type LinkEnd, type SessionLink } from '../src/session/index.js';
import { errorContent, UnansweredCellError, UnansweredRequestError } from './failure.js';
import type { Frontend } from './frontend.js';
import type { InputDesk } from './input.js';
import type { Knowledge, OpenComms } from './meanwhile/index.js';
import type { OwnRequests } from './own-requests.js';
import { isCommMessage, type OpenRequest, type RequestLog } from './requests.js';

/** A queue of the session's: what goes into it comes out in that order. */
interface Lane {
  readonly link: SessionLink;
  /** The channel, with the subshell or the comm if there is one. */
  readonly name: string;
}

/**
 * Passes messages between clients and session. Headers are re-issued and parents restored to what
 * the client sent; metadata, content and buffers are not read.
 */
export class Relay {
  /** The cell whose magics ask the session's helper. */
  #askingCell: OpenRequest | undefined;
  /** The header of the last cell that ran, or runs. */
  #lastCell: Uint8Array | undefined;
  /** Requests that the session has, in the order in which they were sent. */
  readonly #sent = new Map<OpenRequest, Lane>();

  constructor(
    private readonly frontend: Frontend,
    private readonly requests: RequestLog,
    private readonly own: OwnRequests,
    private readonly input: InputDesk,
    private readonly knowledge: Knowledge,
    private readonly comms: OpenComms,
  ) {}

  /**
   * Sends a client's request to the session.
   * @param subshell of the session's that serves it.
   * @throws {LinkClosedError}
   */
  toSession(link: SessionLink, request: OpenRequest, subshell?: string): void {
    const { message, channel, header } = request;
    this.comms.see(header.msg_type, message);
    if (header.msg_type === 'execute_request') this.#lastCell = message.header;
    link.send(channel, { ...message, header: headerForSession(header, subshell) });
    this.#sent.set(request, { link, name: laneOf(request, subshell) });
  }

  /** Forgets a request that the kernel answers itself: the session's answer goes nowhere. */
  giveUp(request: OpenRequest): void {
    this.#sent.delete(request);
  }

  /** Names the cell that gets what user code prints while the session's helper runs it. */
  setAskingCell(request: OpenRequest | undefined): void {
    this.#askingCell = request;
    if (request !== undefined) this.#lastCell = request.message.header;
  }

  /** Takes a message of the session. @throws {MalformedMessageError} */
  fromSession(channel: Channel, message: WireMessage): void {
    const parent = parentId(message.parentHeader);
    const header = decodeHeader(message.header);
    if (channel === 'iopub') this.comms.see(header.msg_type, message);
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
    for (const [request, lane] of this.#sent) {
      if (lane.link !== link) continue;
      this.#sent.delete(request);
      if (request.waiter !== undefined) request.waiter.failed(failure);
      else this.serveWithoutSession(request, failure);
    }
  }

  /** Answers a request that no session can serve; to messages of comms there is no answer. */
  serveWithoutSession(request: OpenRequest, failure: Error): void {
    if (isCommMessage(request)) {
      this.#endComm(request);
      return;
    }
    const { header, message } = request;
    const known = this.knowledge.answer(header.msg_type, message.content);
    this.frontend.serve(request, known ?? { status: 'error', ...errorContent(failure) });
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
      this.#passOver(request);
      const { waiter, heldReply, isAnswered } = request;
      if (waiter !== undefined && heldReply === undefined && !isAnswered) {
        waiter.failed(new UnansweredCellError());
        return;
      }
      if (heldReply === undefined) this.frontend.idle(request);
      waiter?.finished(heldReply);
    }
  }

  /**
   * Settles a request that the session has ended, and those before it in the same lane: a session
   * takes them in order, so that it has dropped what it has not ended by now. ipykernel does so
   * with messages that it cannot read.
   */
  #passOver(ended: OpenRequest): void {
    for (const request of this.#droppedBefore(ended)) {
      this.#sent.delete(request);
      const failure = new UnansweredRequestError(request.header.msg_type);
      if (request.waiter !== undefined) request.waiter.failed(failure);
      else this.serveWithoutSession(request, failure);
    }
    this.#sent.delete(ended);
  }

  #droppedBefore(ended: OpenRequest): OpenRequest[] {
    const lane = this.#sent.get(ended);
    // A link to a plain server answers what it knows at once, beside the running cell.
    if (lane === undefined || lane.link.isPlain) return [];
    const earlier: OpenRequest[] = [];
    for (const [request, { link, name }] of this.#sent) {
      if (request === ended) break;
      if (link === lane.link && name === lane.name) earlier.push(request);
    }
    return earlier;
  }

  #endComm(request: OpenRequest): void {
    this.frontend.busy(request);
    this.frontend.idle(request);
  }

  /**
   * The parent header as its client sent it, where the parent is a request of a client. What user
   * code publishes during a request of the kernel's own goes to the cell that this is a part of, or
   * else to the last one that ran.
   */
  #parentOf(parent: string | undefined, message: WireMessage): Uint8Array {
    if (parent === undefined) return message.parentHeader;
    const cell = this.requests.headerOf(parent) ?? this.own.cellOf(parent);
    if (cell !== undefined) return cell;
    const { msg_type: type, session } = decodeDict(message.parentHeader, 'parent header');
    const asking = type === 'slipway_request' ? this.#askingCell?.message.header : undefined;
    const last = session === this.frontend.session ? this.#lastCell : undefined;
    return asking ?? last ?? message.parentHeader;
  }
}

/** A session keeps the order of the messages of one comm, and handles them where there is time. */
function laneOf(request: OpenRequest, subshell: string | undefined): string {
  const { channel, message } = request;
  if (isCommMessage(request)) {
    return `${channel} comm ${decodeDict(message.content, 'content of a comm message').comm_id}`;
  }
  return subshell ? `${channel} ${subshell}` : channel;
}

/**
 * The header with which a request goes to the session: what the protocol has, and nothing else that
 * a client may put there and a session may stumble over. Answers get the client's own back.
 */
function headerForSession(header: MessageHeader, subshell: string | undefined): Uint8Array {
  const { msg_id, msg_type, session } = header;
  const own = createHeader(msg_type, session, '');
  return encodeDict({ ...own, msg_id, ...(subshell ? { subshell_id: subshell } : {}) });
}

/** Whether a reply reports an error; it stands in the metadata too, so that content is not read. */
function isError(reply: WireMessage): boolean {
  return decodeDict(reply.metadata, 'metadata').status === 'error';
}
