import type { Numbered } from './channel-attachment.js';

interface Entry<Recipient> extends Numbered {
  /** Absent for what goes to everyone. */
  readonly recipient: Recipient | undefined;
}

/** What a session has sent lately, for kernels that were cut off; each message is kept once. */
export class MessageLog<Recipient> {
  #entries: Entry<Recipient>[] = [];
  #bytes = 0;

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  add(entry: Numbered, recipient: Recipient | undefined): void {
    this.#entries.push({ number: entry.number, frame: entry.frame, recipient });
    this.#bytes += entry.frame.byteLength;
  }

  /** What is kept for one recipient, oldest first. */
  for(recipient: Recipient): Numbered[] {
    return this.#entries.filter(
      (entry) => entry.recipient === undefined || entry.recipient === recipient,
    );
  }

  /** Forgets the messages up to a number. */
  forget(number: number): void {
    let count = 0;
    for (const entry of this.#entries) {
      if (entry.number > number) break;
      this.#bytes -= entry.frame.byteLength;
      count += 1;
    }
    if (count > 0) this.#entries = this.#entries.slice(count);
  }
}
