import { describe, expect, it } from 'vitest';
import { UnsuitablePasswordError } from '../../../src/server/auth/index.js';
import { checkPassword, hashPassword } from '../../../src/server/auth/passwords.js';

describe('stored passwords', () => {
  it('recognise their password and no other', async () => {
    const hash = await hashPassword('correct horse');
    expect(await checkPassword('correct horse', hash)).toBe(true);
    expect(await checkPassword('correct horsf', hash)).toBe(false);
    expect(await checkPassword('', hash)).toBe(false);
  });

  it('carry the parameters they were made with, and a salt of their own', async () => {
    const [first, second] = await Promise.all([
      hashPassword('same word'),
      hashPassword('same word'),
    ]);
    expect(first).toMatch(/^scrypt\$32768\$8\$1\$/);
    expect(first).not.toBe(second);
  });

  it('can be checked with other parameters than those of today', async () => {
    // scrypt("hunter22", 16 zero bytes, N=1024, r=8, p=1), as Python's hashlib computes it.
    const old =
      'scrypt$1024$8$1$AAAAAAAAAAAAAAAAAAAAAA$UK7tGOVWalS8H8fryLwYrqV2nefimtDJdCK8Npvvn-o';
    expect(await checkPassword('hunter22', old)).toBe(true);
  });

  it('never match for a user who does not exist', async () => {
    expect(await checkPassword('anything', undefined)).toBe(false);
  });

  it.each(['short', '', 'x'.repeat(1025)])(
    'refuse a password of unsuitable length',
    async (word) => {
      await expect(hashPassword(word)).rejects.toThrow(UnsuitablePasswordError);
    },
  );
});
