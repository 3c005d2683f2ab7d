import type { JsonValue } from '../api/index.js';
import type { Channel, WireMessage } from '../jupyter/index.js';

/** A message from the session, in the order in which Jupyter is to see it. */
export type MessageListener = (channel: Channel, message: WireMessage) => void;

/** What the kernel is told when the link can no longer be used. */
export interface LinkEnd {
  /** `closed`: by us. `session-ended`: the session died or expired. `lost`: the server is gone. */
  readonly reason: 'closed' | 'session-ended' | 'lost';
  /** A sentence for the user. */
  readonly message: string;
  /** How to get back what the session held, as a sentence, where somebody knows a way. */
  readonly wayBack?: string;
}

/** The answer to a request to the session's helper. */
export interface HelperReply {
  readonly result: { readonly [key: string]: JsonValue };
  readonly buffers: readonly Uint8Array[];
}

/**
 * A kernel's connection with its session. For every request, what the session publishes comes
 * first, then the reply, then `idle`: the listener only has to pass messages on.
 */
export interface SessionLink {
  readonly sessionId: string;
  /** Version of the session's Python (`3.11.7`), where the server told it. */
  readonly python: string | undefined;
  /** Whether the server has R Server's routes alone, so that some things cannot be done there. */
  readonly isPlain: boolean;
  /** Resolves when the link has ended for good. */
  readonly ended: Promise<LinkEnd>;
  /** Whether there is a connection at this moment; without one, messages wait for the next. */
  readonly isConnected: boolean;
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  /**
   * Sends a Jupyter message to the session.
   * @throws {LinkClosedError} when the link has ended.
   */
  send(channel: Channel, message: WireMessage): void;
  /**
   * Asks the helper inside of the session (`slipway_session`), in order with the cells sent
   * before. Of its messages only what the user's code prints or displays reaches the listener,
   * with this request as its parent.
   * @throws {SessionHelperError} carrying ename, evalue and traceback of Python.
   * @throws {LinkClosedError}
   */
  ask(
    op: string,
    args?: Record<string, unknown>,
    buffers?: readonly Uint8Array[],
  ): Promise<HelperReply>;
  /** Stops reading while the listener's side cannot keep up, and goes on. */
  pause(): void;
  resume(): void;
  /** Ends the link, not the session. Idempotent. */
  close(): Promise<void>;
}
