/** Signatures that are remembered, as many as ipykernel does. */
const CAPACITY = 65_536;

/** Remembers signatures, so that a recorded message that is sent again can be told and dropped. */
export class ReplayGuard {
  readonly #seen = new Set<string>();

  /** Whether the signature is new; an empty one (messages are not signed) always is. */
  admit(signature: Uint8Array): boolean {
    if (signature.byteLength === 0) return true;
    const text = Buffer.from(signature).toString('latin1');
    if (this.#seen.has(text)) return false;
    this.#seen.add(text);
    if (this.#seen.size > CAPACITY) {
      const oldest = this.#seen.values().next();
      if (!oldest.done) this.#seen.delete(oldest.value);
    }
    return true;
  }
}
