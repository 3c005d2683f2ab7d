import type { Frontend } from '../frontend.js';
import type { Relay } from '../relay.js';
import type { ClientRequest, OpenRequest } from '../requests.js';
import type { Knowledge } from './knowledge.js';

/**
 * Milliseconds that the session gets to answer while a cell runs, by the type of the request. On
 * its subshell that takes 5 to 30 behind a cell that waits; behind one that computes the
 * interpreter's lock is contended, and it takes any time. `history_request` has no limit: a part of
 * the history would be taken for all of it.
 */
const LIMITS: Readonly<Record<string, number>> = {
  complete_request: 200,
  is_complete_request: 200,
  inspect_request: 230,
  comm_info_request: 230,
};

/** Requests that a user expects to be answered while a cell runs. */
const ANSWERED_MEANWHILE: ReadonlySet<string> = new Set([
  ...Object.keys(LIMITS),
  'history_request',
]);

/** Whether a request is a question on shell that is not to wait for the running cell. */
export function isAnsweredMeanwhile({ header, channel }: ClientRequest): boolean {
  // A client that chose a subshell itself has chosen what it waits for.
  return channel === 'shell' && !header.subshell_id && ANSWERED_MEANWHILE.has(header.msg_type);
}

/** What deadlines need of the kernel. */
export interface DeadlineParts {
  readonly frontend: Frontend;
  readonly relay: Relay;
  readonly knowledge: Knowledge;
}

/**
 * Keeps the session from making a client wait behind a running cell: what it has not answered in
 * time the kernel answers from what it knows. The session's own answer is dropped when it comes.
 */
export class Deadlines {
  constructor(private readonly parts: DeadlineParts) {}

  /** Sets the limit of a request that the session is to answer, if its type has one. */
  watch(request: OpenRequest): void {
    const limit = LIMITS[request.header.msg_type];
    if (limit !== undefined) setTimeout(() => this.#answer(request), limit).unref();
  }

  #answer(request: OpenRequest): void {
    const { frontend, relay, knowledge } = this.parts;
    // The reply is there and its idle will be: it comes with everything published before.
    if (request.isAnswered) return;
    const content = knowledge.answer(request.header.msg_type, request.message.content);
    if (content === undefined) return;
    relay.giveUp(request);
    frontend.serve(request, content);
  }
}
