import type { Numbered } from './channel-attachment.js';
import type { FrameMemory } from './frame-memory.js';

const EMPTY = Buffer.alloc(0);

interface Entry<Recipient> extends Numbered {
  /** Bytes that it takes, here or in the session alone. */
  readonly bytes: number;
  /** Whether it is for no kernel. */
  readonly isSkipped: boolean;
  /** Absent for what goes to everyone. */
  readonly recipient: Recipient | undefined;
}

/** What a session has sent lately, for kernels that were cut off; each message is kept once. */
export class MessageLog<Recipient> {
  readonly #memory: FrameMemory;
  #entries: Entry<Recipient>[] = [];
  #bytes = 0;

  constructor(memory: FrameMemory) {
    this.#memory = memory;
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  add(entry: Numbered, recipient: Recipient | undefined): void {
    const { number, frame } = entry;
    const bytes = frame.byteLength;
    this.#memory.hold(frame);
    this.#entries.push({ number, frame, bytes, recipient, isSkipped: false });
    this.#bytes += bytes;
  }

  /** Counts a message that is for nobody here, and that the session keeps with the others. */
  skip(number: number, bytes: number): void {
    this.#entries.push({ number, frame: EMPTY, bytes, recipient: undefined, isSkipped: true });
    this.#bytes += bytes;
  }

  /** What is kept for one recipient, oldest first. */
  for(recipient: Recipient): Numbered[] {
    return this.#entries.filter(
      (entry) =>
        !entry.isSkipped && (entry.recipient === undefined || entry.recipient === recipient),
    );
  }

  /** Forgets the messages up to a number. */
  forget(number: number): void {
    let count = 0;
    for (const entry of this.#entries) {
      if (entry.number > number) break;
      this.#bytes -= entry.bytes;
      this.#memory.drop(entry.frame);
      count += 1;
    }
    if (count > 0) this.#entries = this.#entries.slice(count);
  }
}
