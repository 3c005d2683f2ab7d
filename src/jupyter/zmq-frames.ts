import { MalformedMessageError, type WireMessage } from './message.js';
import type { Signer } from './signature.js';

const DELIMITER = Buffer.from('<IDS|MSG>');

/** A message as it came off a ZeroMQ socket, with the routing identities before it. */
export interface AddressedMessage {
  readonly identities: readonly Uint8Array[];
  readonly message: WireMessage;
  readonly signature: Uint8Array;
}

/**
 * Takes a ZeroMQ multipart apart and checks its signature over the received bytes, before any
 * of them is parsed.
 * @throws {MalformedMessageError} when the delimiter or one of the four dictionaries is missing.
 * @throws {BadSignatureError} when the signature is not the message's.
 */
export function decodeZmqFrames(frames: readonly Uint8Array[], signer: Signer): AddressedMessage {
  const delimiter = frames.findIndex((frame) => DELIMITER.equals(frame));
  if (delimiter < 0) throw new MalformedMessageError('A message has no <IDS|MSG> delimiter.');
  const [signature, header, parentHeader, metadata, content] = frames.slice(
    delimiter + 1,
    delimiter + 6,
  );
  if (!signature || !header || !parentHeader || !metadata || !content) {
    throw new MalformedMessageError(
      `A message has ${frames.length - delimiter - 1} frames after its delimiter; at least 5 are needed.`,
    );
  }
  if (!signer.verify(signature, [header, parentHeader, metadata, content])) {
    throw new BadSignatureError('A message is signed with another key than the connection file’s.');
  }
  return {
    identities: frames.slice(0, delimiter),
    signature,
    message: { header, parentHeader, metadata, content, buffers: frames.slice(delimiter + 6) },
  };
}

/** The ZeroMQ multipart of a message: identities, delimiter, signature, dictionaries, buffers. */
export function encodeZmqFrames(
  identities: readonly Uint8Array[],
  message: WireMessage,
  signer: Signer,
): Uint8Array[] {
  const dicts = [message.header, message.parentHeader, message.metadata, message.content];
  return [...identities, DELIMITER, signer.sign(dicts), ...dicts, ...message.buffers];
}

/** Thrown when a received message fails the check of its HMAC; the message is dropped. */
export class BadSignatureError extends Error {
  readonly code = 'BAD_SIGNATURE';
  override readonly name = 'BadSignatureError';
}
