/**
 * Bytes from which on the memory of a frame is given back. Below that the garbage collector has no
 * trouble, and frames share buffers.
 */
const LARGE = 1024 * 1024;

/**
 * Gives the memory of large frames back as soon as nobody needs it. Left to V8, every hundred
 * megabytes of them bring ten full collections, which took more of the server's time than passing
 * them on. A view of a frame that was given back is empty, so that a mistake here reads nothing
 * rather than another message.
 */
export class FrameMemory {
  /** How many need a frame. */
  readonly #needs = new Map<Buffer, number>();

  /** Counts one more that needs a frame, and must {@link drop} it. */
  hold(frame: Buffer): void {
    if (frame.byteLength >= LARGE) this.#needs.set(frame, (this.#needs.get(frame) ?? 0) + 1);
  }

  /** Takes back what {@link hold} has counted; the last one gives the memory back. */
  drop(frame: Buffer): void {
    const needs = this.#needs.get(frame);
    if (needs === undefined) return;
    if (needs > 1) {
      this.#needs.set(frame, needs - 1);
      return;
    }
    this.#needs.delete(frame);
    (frame.buffer as ArrayBuffer).transfer(0);
  }
}

/** A copy of a part of a large frame, for one who keeps it; a part of a small one as it is. */
export function kept(part: Uint8Array): Uint8Array {
  return part.buffer.byteLength >= LARGE ? Uint8Array.from(part) : part;
}
