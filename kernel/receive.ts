import {
  BadSignatureError,
  decodeZmqFrames,
  MalformedMessageError,
  type MessageHeader,
  type Signer,
  type WireMessage,
} from '../src/jupyter/index.js';
import { checkMessage } from './check-message.js';
import type { ReplayGuard } from './sockets/replay-guard.js';

/** A socket that is read message by message until it is closed. */
export type ReceivingSocket = AsyncIterable<Uint8Array[]>;

/** A genuine message of a client. */
export interface ReceivedMessage {
  readonly identities: readonly Uint8Array[];
  readonly message: WireMessage;
  readonly header: MessageHeader;
}

/** Thrown when a message arrives a second time; it is dropped. */
export class ReplayedMessageError extends Error {
  readonly code = 'REPLAYED_MESSAGE';
  override readonly name = 'ReplayedMessageError';
}

/** Reads a client's socket: what is not a genuine message is told of, and dropped. */
export class Receiver {
  constructor(
    private readonly signer: Signer,
    private readonly replays: ReplayGuard,
    private readonly onDropped: (error: Error) => void,
  ) {}

  /** Hands each genuine message to `handle`; ends when the socket is closed. */
  async read(socket: ReceivingSocket, handle: (received: ReceivedMessage) => void): Promise<void> {
    for await (const frames of socket) {
      try {
        handle(this.#decode(frames));
      } catch (error) {
        if (!isDropReason(error)) throw error;
        this.onDropped(error);
      }
    }
  }

  #decode(frames: Uint8Array[]): ReceivedMessage {
    const { identities, message, signature } = decodeZmqFrames(frames, this.signer);
    if (!this.replays.admit(signature)) {
      throw new ReplayedMessageError('A message was received a second time.');
    }
    return { identities, ...checkMessage(message) };
  }
}

function isDropReason(error: unknown): error is Error {
  return (
    error instanceof MalformedMessageError ||
    error instanceof BadSignatureError ||
    error instanceof ReplayedMessageError
  );
}
