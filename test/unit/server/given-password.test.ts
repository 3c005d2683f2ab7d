import { describe, expect, it } from 'vitest';
import { GivenPassword } from '../../../src/server/auth/given-password.js';

const STORED = 'scrypt$32768$8$1$c2FsdA$a2V5';

describe('the password that an embedded server gave to its account', () => {
  const given = new GivenPassword('3q2-7wAAAAAAAAAAAAAAAA', STORED);

  it('is known again', () => {
    expect(given.isPasswordOf(STORED, '3q2-7wAAAAAAAAAAAAAAAA')).toBe(true);
  });

  it('is no other, however alike or long', () => {
    for (const other of ['', '3q2-7wAAAAAAAAAAAAAAAB', '3q2-7w', 'x'.repeat(1e6)]) {
      expect(given.isPasswordOf(STORED, other)).toBe(false);
    }
  });

  it('is void once the account has another password, and so another hash', () => {
    expect(given.isPasswordOf(`${STORED}x`, '3q2-7wAAAAAAAAAAAAAAAA')).toBe(false);
  });
});
