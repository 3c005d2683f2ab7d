import { describe, expect, it } from 'vitest';
import { createRefreshToken, parseRefreshToken } from '../../../src/server/auth/refresh-tokens.js';

describe('refresh tokens', () => {
  it('are read back with the login they belong to', () => {
    const created = createRefreshToken();
    expect(parseRefreshToken(created.token)).toEqual(created);
  });

  it('differ for the same login, and their hashes too', () => {
    const first = createRefreshToken();
    const second = createRefreshToken(first.loginId);
    expect(second.loginId).toBe(first.loginId);
    expect(second.token).not.toBe(first.token);
    expect(second.hash).not.toBe(first.hash);
  });

  it.each(['', 'x', 'ERERERER'.repeat(8), 'é'.repeat(64), `${createRefreshToken().token}=`])(
    'are not read from anything else: %j',
    (text) => {
      expect(parseRefreshToken(text)).toBeUndefined();
    },
  );
});
