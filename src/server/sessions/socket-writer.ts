import type { Writable } from 'zeromq';

/**
 * The one writer of a ZeroMQ socket. zeromq.js takes a single send at a time and throws EBUSY
 * after some hundred that were not awaited.
 */
export class SocketWriter {
  readonly #socket: Writable<Uint8Array[]>;
  readonly #onError: (error: Error) => void;
  #queue: Uint8Array[][] = [];
  #draining = false;

  constructor(socket: Writable<Uint8Array[]>, onError: (error: Error) => void) {
    this.#socket = socket;
    this.#onError = onError;
  }

  /** Queues one multipart message; order is kept. */
  send(frames: Uint8Array[]): void {
    this.#queue.push(frames);
    if (this.#draining) return;
    this.#draining = true;
    this.#drain().catch(this.#onError);
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue;
        this.#queue = [];
        for (const frames of batch) await this.#socket.send(frames);
      }
    } finally {
      this.#draining = false;
    }
  }
}
