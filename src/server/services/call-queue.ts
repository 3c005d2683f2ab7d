import { CallCancelledError, type CallGroup } from './call-group.js';
import type { Call } from './worker-slot.js';

/** Calls that wait for a worker: those of callers, and those of groups that run when none waits. */
export class CallQueue {
  readonly #calls: Call[] = [];
  readonly #background: Call[] = [];

  /** Calls of callers. */
  get length(): number {
    return this.#calls.length;
  }

  /** All that wait. */
  get total(): number {
    return this.#calls.length + this.#background.length;
  }

  /** The next call of a group. */
  get background(): Call | undefined {
    return this.#background[0];
  }

  push(call: Call): void {
    (call.group === undefined ? this.#calls : this.#background).push(call);
  }

  /** Takes back a call that has not begun, in its place. */
  putBack(call: Call): void {
    if (call.group !== undefined) {
      this.#background.unshift(call);
      return;
    }
    // Those behind it come in their order, each to the end of what was put back before it.
    const behind = this.#calls.findIndex((waiting) => waiting.arrivedAt > call.arrivedAt);
    this.#calls.splice(behind === -1 ? this.#calls.length : behind, 0, call);
  }

  /** Takes the next call of a caller. */
  shift(): Call | undefined {
    return this.#calls.shift();
  }

  /** Takes the next call of a group. */
  shiftBackground(): void {
    this.#background.shift();
  }

  /** Takes the next call of a caller if it has come before that time. */
  shiftBefore(time: number): Call | undefined {
    return (this.#calls[0]?.arrivedAt ?? time) < time ? this.#calls.shift() : undefined;
  }

  /** Ends the calls of a group. */
  cancel(group: CallGroup): void {
    for (let at = this.#background.length - 1; at >= 0; at -= 1) {
      const call = this.#background[at] as Call;
      if (call.group !== group) continue;
      this.#background.splice(at, 1);
      call.reject(new CallCancelledError());
    }
  }

  /** Takes all that wait. */
  takeAll(): Call[] {
    return [...this.#calls.splice(0), ...this.#background.splice(0)];
  }
}
