import { executionState, type Incoming } from './incoming.js';

/**
 * Requests that ipykernel always answers. `comm_*` messages have no reply and a type that the
 * session does not know may have none, so their `idle` must not wait for one.
 */
const ANSWERED: ReadonlySet<string> = new Set([
  'execute_request',
  'inspect_request',
  'complete_request',
  'history_request',
  'is_complete_request',
  'comm_info_request',
  'kernel_info_request',
  'shutdown_request',
  'interrupt_request',
  'debug_request',
  'usage_request',
  'create_subshell_request',
  'delete_subshell_request',
  'list_subshell_request',
  'slipway_request',
]);

/**
 * Milliseconds that an `idle` waits for the reply that goes before it. ipykernel sends the reply
 * first; to a request whose content it cannot read it sends none at all, and goes idle.
 */
const REPLY_PATIENCE = 1000;

/** Whether a request of this type gets a reply on the channel that it was sent on. */
export function isAnswered(requestType: string): boolean {
  return ANSWERED.has(requestType);
}

/**
 * Puts what comes in on separate sockets into the one order that Jupyter front ends rely on: all
 * that a request published, then its reply, then `idle`. ZeroMQ keeps order inside of a socket
 * alone, so of reply and `idle` the one that comes first is held until the other is there.
 */
export class ReplyOrder {
  readonly #deliver: (incoming: Incoming) => void;
  readonly #held = new Map<string, Incoming>();
  readonly #late = new Map<string, NodeJS.Timeout>();

  constructor(deliver: (incoming: Incoming) => void) {
    this.#deliver = deliver;
  }

  accept(incoming: Incoming): void {
    const cause = incoming.cause;
    if (cause === undefined || !isAnswered(cause.type) || !isHalfOfAnEnd(incoming)) {
      this.#deliver(incoming);
      return;
    }
    const other = this.#held.get(cause.id);
    if (other === undefined) {
      this.#held.set(cause.id, incoming);
      if (incoming.channel === 'iopub') this.#expectReply(cause.id);
      return;
    }
    this.#release(cause.id);
    const incomingIsReply = incoming.channel !== 'iopub';
    this.#deliver(incomingIsReply ? incoming : other);
    this.#deliver(incomingIsReply ? other : incoming);
  }

  /** Delivers what is held, for a session that ended between a reply and its `idle`. */
  flush(): void {
    for (const [id, incoming] of [...this.#held]) {
      this.#release(id);
      this.#deliver(incoming);
    }
  }

  #expectReply(id: string): void {
    const timer = setTimeout(() => {
      const idle = this.#held.get(id);
      this.#release(id);
      if (idle !== undefined) this.#deliver(idle);
    }, REPLY_PATIENCE);
    this.#late.set(id, timer);
  }

  #release(id: string): void {
    this.#held.delete(id);
    clearTimeout(this.#late.get(id));
    this.#late.delete(id);
  }
}

/** Whether a message is a reply or an `idle`, which are delivered together. */
function isHalfOfAnEnd(incoming: Incoming): boolean {
  if (incoming.channel === 'shell' || incoming.channel === 'control') return true;
  return incoming.channel === 'iopub' && executionState(incoming) === 'idle';
}
