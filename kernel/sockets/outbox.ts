/** A ZeroMQ socket as the outbox sees it. */
export interface SendingSocket {
  send(frames: Uint8Array[]): Promise<void>;
}

/** Bytes waiting at which the session is asked to pause, and at which it may go on. */
const HIGH_WATER = 16 * 1024 * 1024;
const LOW_WATER = 4 * 1024 * 1024;

interface Entry {
  readonly socket: SendingSocket;
  readonly frames: Uint8Array[];
  readonly bytes: number;
}

/**
 * The one ordered queue of everything that leaves the kernel: what is pushed first is sent first,
 * whichever socket it goes to. The sockets have no high-water mark, so that nothing is dropped;
 * the queue itself tells when too much waits.
 */
export class Outbox {
  #queue: Entry[] = [];
  #head = 0;
  #bytes = 0;
  #isFull = false;
  #isSending = false;
  #isClosed = false;
  #sending: Promise<void> = Promise.resolve();

  /** @param onPressure told `true` when too much waits, `false` when it has been sent. */
  constructor(private readonly onPressure: (isFull: boolean) => void) {}

  push(socket: SendingSocket, frames: Uint8Array[]): void {
    this.#add(socket, frames, (entry) => this.#queue.push(entry));
  }

  /** Pushes what is to be sent before all that waits. */
  pushFirst(socket: SendingSocket, frames: Uint8Array[]): void {
    this.#add(socket, frames, (entry) => this.#queue.splice(this.#head, 0, entry));
  }

  /**
   * Resolves when everything pushed so far has been handed to ZeroMQ. What is pushed later is
   * dropped: the sockets are about to close.
   */
  async close(): Promise<void> {
    while (this.#isSending) await this.#sending;
    this.#isClosed = true;
  }

  #add(socket: SendingSocket, frames: Uint8Array[], place: (entry: Entry) => void): void {
    if (this.#isClosed) return;
    const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0);
    place({ socket, frames, bytes });
    this.#bytes += bytes;
    if (!this.#isFull && this.#bytes > HIGH_WATER) {
      this.#isFull = true;
      this.onPressure(true);
    }
    if (!this.#isSending) this.#sending = this.#sendAll();
  }

  // Each send is awaited: ZeroMQ refuses a second one while the first waits (EBUSY).
  async #sendAll(): Promise<void> {
    this.#isSending = true;
    try {
      for (let entry = this.#take(); entry !== undefined; entry = this.#take()) {
        await entry.socket.send(entry.frames);
        this.#bytes -= entry.bytes;
        if (this.#isFull && this.#bytes < LOW_WATER) {
          this.#isFull = false;
          this.onPressure(false);
        }
      }
    } finally {
      // At once with the look at the empty queue: what is pushed from now on starts anew.
      this.#isSending = false;
    }
  }

  #take(): Entry | undefined {
    const entry = this.#queue[this.#head];
    if (entry === undefined) {
      this.#queue = [];
      this.#head = 0;
    } else {
      this.#head++;
    }
    return entry;
  }
}
