import { timingSafeEqual } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import type { Frame } from './service-frames.js';

/** The id of a worker's first frame, which says who it is. */
const GREETING_ID = 0;

const Greeting = Type.Object({
  worker: Type.String(),
  nonce: Type.String(),
  pid: Type.Integer(),
  failure: Type.Union([Type.Null(), Type.Object({ ename: Type.String(), message: Type.String() })]),
});
type Greeting = Static<typeof Greeting>;
const greetingSchema = Compile(Greeting);

/** What a worker's first frame says, or undefined when it is no greeting. */
export function parseGreeting({ id, payload }: Frame): Greeting | undefined {
  if (id !== GREETING_ID) return undefined;
  try {
    const value: unknown = JSON.parse(payload.toString());
    return greetingSchema.Check(value) ? value : undefined;
  } catch (error) {
    // Whoever connects without being a worker is sent away like one with a wrong nonce.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Compares a nonce with the one that was handed out, in a time that does not depend on either. */
export function isSameNonce(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.byteLength === other.byteLength && timingSafeEqual(one, other);
}
