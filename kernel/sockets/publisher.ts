import { XPublisher } from 'zeromq';

const SUBSCRIBE = 6;
const UNSUBSCRIBE = 7;

/** What a subscriber asks for. */
export interface SubscriptionEvent {
  readonly kind: 'subscribe' | 'unsubscribe';
  readonly topic: Uint8Array;
}

/**
 * The iopub socket. A subscription takes effect when the kernel says so and not before, so that the
 * first thing that a subscriber hears can be its welcome: ZeroMQ would let messages pass that are
 * sent between the arrival of the subscription and that of the news of it.
 */
export class Publisher extends XPublisher {
  constructor(options: ConstructorParameters<typeof XPublisher>[0]) {
    super(options);
    this.manual = true;
  }

  /**
   * Makes the subscription or its end effective that has just been received: of the socket's
   * subscribers ZeroMQ takes the one whose event was read last.
   */
  accept({ kind, topic }: SubscriptionEvent): void {
    this.setStringOption(kind === 'subscribe' ? SUBSCRIBE : UNSUBSCRIBE, Buffer.from(topic));
  }
}

/** Reads what came from a subscriber; undefined for what is no subscription. */
export function readSubscription(frames: readonly Uint8Array[]): SubscriptionEvent | undefined {
  const [frame, ...others] = frames;
  const first = frame?.[0];
  if (frame === undefined || others.length > 0 || (first !== 0 && first !== 1)) return undefined;
  return { kind: first === 1 ? 'subscribe' : 'unsubscribe', topic: frame.subarray(1) };
}
