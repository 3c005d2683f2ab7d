import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * The password that an embedded server gave to an account at its start, remembered as a digest, so
 * that a kernel's login does not wait for scrypt. scrypt makes the passwords that people choose
 * expensive to guess; this one has 128 random bits, which nobody guesses at any speed.
 */
export class GivenPassword {
  readonly #storedHash: string;
  readonly #digest: Buffer;

  /** @param storedHash what the account has for it: when that changes, the password is void. */
  constructor(password: string, storedHash: string) {
    this.#storedHash = storedHash;
    this.#digest = digest(password);
  }

  /** Whether it is the password of an account that has this hash. Compares in constant time. */
  isPasswordOf(storedHash: string, password: string): boolean {
    return storedHash === this.#storedHash && timingSafeEqual(digest(password), this.#digest);
  }
}

function digest(password: string): Buffer {
  return createHash('sha256').update(password).digest();
}
