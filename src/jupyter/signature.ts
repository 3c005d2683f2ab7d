import { createHmac, getHashes, timingSafeEqual } from 'node:crypto';

/**
 * Signs and checks messages as the connection file says: an HMAC over header, parent header,
 * metadata and content (not the buffers), in hexadecimal.
 */
export class Signer {
  readonly #algorithm: string;
  readonly #key: string;

  /**
   * @param key the connection file's key; empty means that messages are not signed.
   * @param scheme the connection file's `signature_scheme`, such as `hmac-sha256`.
   * @throws {UnknownSignatureSchemeError} when this Node has no such hash.
   */
  constructor(key: string, scheme = 'hmac-sha256') {
    const algorithm = scheme.replace(/^hmac-/, '');
    if (key !== '' && (algorithm === scheme || !getHashes().includes(algorithm))) {
      throw new UnknownSignatureSchemeError(
        `The connection file asks for signature scheme "${scheme}", which is not available; use hmac-sha256.`,
      );
    }
    this.#algorithm = algorithm;
    this.#key = key;
  }

  /** The signature of the four dictionaries, as the ASCII bytes of its hexadecimal form. */
  sign(dicts: readonly Uint8Array[]): Uint8Array {
    if (this.#key === '') return new Uint8Array(0);
    const hmac = createHmac(this.#algorithm, this.#key);
    for (const dict of dicts) hmac.update(dict);
    return Buffer.from(hmac.digest('hex'), 'latin1');
  }

  /** Whether `signature` belongs to the four dictionaries, compared in constant time. */
  verify(signature: Uint8Array, dicts: readonly Uint8Array[]): boolean {
    if (this.#key === '') return true;
    const expected = this.sign(dicts);
    return expected.byteLength === signature.byteLength && timingSafeEqual(expected, signature);
  }
}

/** Thrown when a connection file names a signature scheme that Node cannot compute. */
export class UnknownSignatureSchemeError extends Error {
  readonly code = 'UNKNOWN_SIGNATURE_SCHEME';
  override readonly name = 'UnknownSignatureSchemeError';
}
