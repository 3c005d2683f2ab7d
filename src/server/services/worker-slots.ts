import type { CallGroup } from './call-group.js';
import type { WorkerSlot } from './worker-slot.js';

/**
 * Calls that are sent to a worker while it runs another, so that it need not wait for the next.
 * Only where calls are short: a call cannot be taken back from a worker that turns out slow.
 */
const PIPELINE_DEPTH = 2;
/** Milliseconds of a call that count as short. */
const SHORT_CALL = 5;
/** The same for calls of a group: nobody waits for the one behind. */
const SHORT_GROUP_CALL = 20;
/** Milliseconds of a call that count as long: a caller should not have to wait for one to end. */
const LONG_CALL = 100;
/** Weight of the newest call in the mean duration. */
const SMOOTHING = 0.1;

/** The workers that a service has, and which of them takes the next call. */
export class WorkerSlots implements Iterable<WorkerSlot> {
  readonly #slots = new Set<WorkerSlot>();
  /** Milliseconds; undefined until a call was measured. */
  #meanDuration: number | undefined;

  get size(): number {
    return this.#slots.size;
  }

  get isIdle(): boolean {
    for (const slot of this.#slots) {
      if (slot.load > 0) return false;
    }
    return true;
  }

  [Symbol.iterator](): Iterator<WorkerSlot> {
    return this.#slots.values();
  }

  add(slot: WorkerSlot): void {
    this.#slots.add(slot);
  }

  delete(slot: WorkerSlot): void {
    this.#slots.delete(slot);
  }

  /** Takes the duration of a call, in milliseconds, into the mean. */
  measured(duration: number): void {
    const mean = this.#meanDuration ?? SHORT_CALL;
    this.#meanDuration = mean + (duration - mean) * SMOOTHING;
  }

  /**
   * The worker with the fewest calls that can take one more. Nothing waits at a worker behind
   * calls of another group, because a group that is cancelled takes its workers with it.
   * @param group of the call; undefined for one that somebody waits for
   */
  free(group: CallGroup | undefined): WorkerSlot | undefined {
    const short = group === undefined ? SHORT_CALL : SHORT_GROUP_CALL;
    const depth = (this.#meanDuration ?? short) < short ? PIPELINE_DEPTH : 1;
    let best: WorkerSlot | undefined;
    let least = depth;
    for (const slot of this.#slots) {
      const { load } = slot;
      if (load < least && !slot.isStopping && (load === 0 || slot.group === group)) {
        best = slot;
        least = load;
      }
    }
    return best;
  }

  /**
   * The same for a call of a group, which leaves one worker of several to callers where calls are
   * long, or where that is not known yet: a running call cannot be moved out of the way.
   */
  freeForGroup(group: CallGroup): WorkerSlot | undefined {
    const isLong = (this.#meanDuration ?? LONG_CALL) >= LONG_CALL;
    if (isLong && this.#slots.size > 1) {
      let taken = 0;
      for (const slot of this.#slots) {
        if (slot.load > 0 && slot.group !== undefined) taken += 1;
      }
      if (taken >= this.#slots.size - 1) return undefined;
    }
    return this.free(group);
  }
}
