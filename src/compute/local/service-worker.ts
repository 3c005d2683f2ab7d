import type { Socket } from 'node:net';
import type { ProcessEnd, ServiceWorker } from '../types.js';
import { WorkerEndedError } from './service-errors.js';
import { encodeFrame, type Frame } from './service-frames.js';

const MAX_ID = 0xffff_ffff;

type Callback = (error: Error | null, answer: Buffer) => void;

interface Pending {
  readonly id: number;
  readonly callback: Callback;
}

const NO_ANSWER = Buffer.alloc(0);

/** The server's end of one worker's connection. */
export class LocalServiceWorker implements ServiceWorker {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  readonly #socket: Socket;
  readonly #kill: () => void;
  readonly #resolveEnded: (end: ProcessEnd) => void;
  #pending: Pending[] = [];
  #lastId = 0;
  #end: ProcessEnd | undefined;

  /** @param kill has the process ended; its end is told by {@link hasEnded} */
  constructor(pid: number, socket: Socket, kill: () => void) {
    this.pid = pid;
    this.#socket = socket;
    this.#kill = kill;
    const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
    this.ended = promise;
    this.#resolveEnded = resolve;
    // A worker that has lost its connection is of no more use; how it ended is told later.
    socket.once('close', kill);
  }

  send(body: Uint8Array, callback: Callback): void {
    if (this.#end !== undefined) {
      const error = new WorkerEndedError(this.#end, false);
      queueMicrotask(() => callback(error, NO_ANSWER));
      return;
    }
    this.#lastId = this.#lastId === MAX_ID ? 1 : this.#lastId + 1;
    this.#pending.push({ id: this.#lastId, callback });
    const [first, second] = encodeFrame(this.#lastId, body) as [Buffer, Buffer?];
    if (second === undefined) {
      this.#socket.write(first);
    } else {
      this.#socket.cork();
      this.#socket.write(first);
      this.#socket.write(second);
      this.#socket.uncork();
    }
  }

  kill(): void {
    if (this.#end === undefined) this.#kill();
  }

  /** Hands an answer to the request that waits for it. */
  receive(frame: Frame): void {
    const next = this.#pending.shift();
    if (next?.id === frame.id) {
      next.callback(null, frame.payload);
    } else {
      // Only code that writes to the connection itself can bring the order down.
      if (next !== undefined) this.#pending.unshift(next);
      this.kill();
    }
  }

  /** Tells that the process is gone. Requests without an answer fail, the first as begun. */
  hasEnded(end: ProcessEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#socket.destroy();
    const pending = this.#pending;
    this.#pending = [];
    pending.forEach(({ callback }, index) => {
      callback(new WorkerEndedError(end, index === 0), NO_ANSWER);
    });
    this.#resolveEnded(end);
  }
}
