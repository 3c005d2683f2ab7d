import { describe, expect, it } from 'vitest';
import { LoginsBusyError, TooManyLoginsError } from '../../../src/server/auth/index.js';
import { LoginGuard } from '../../../src/server/auth/login-guard.js';

const wrong = async () => false;
const right = async () => true;

describe('the guard against guessed passwords', () => {
  it('looks at five wrong passwords in a row, and makes the sixth wait', async () => {
    const guard = new LoginGuard(() => 1000);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await guard.attempt('admin', '10.0.0.1', wrong)).toBe(false);
    }
    await expect(guard.attempt('admin', '10.0.0.1', right)).rejects.toThrow(TooManyLoginsError);
  });

  it('tells in Retry-After how long, and looks again when that has passed', async () => {
    let now = 0;
    const guard = new LoginGuard(() => now);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await guard.attempt('admin', '10.0.0.1', wrong);
    }
    const error = await guard.attempt('admin', '10.0.0.1', right).catch((caught) => caught);
    expect(error.headers).toEqual({ 'retry-after': '1' });
    now = 1000;
    expect(await guard.attempt('admin', '10.0.0.1', right)).toBe(true);
  });

  it('doubles the wait with each further failure, up to a minute', async () => {
    let now = 0;
    const guard = new LoginGuard(() => now);
    const waits: string[] = [];
    for (let attempt = 0; attempt < 14; attempt += 1) {
      const refused = await guard.attempt('a', 'b', wrong).catch((error) => error);
      if (refused instanceof TooManyLoginsError) {
        const wait = refused.headers['retry-after'] as string;
        waits.push(wait);
        now += Number(wait) * 1000;
      }
    }
    expect(waits).toEqual(['1', '2', '4', '8', '16']);
    now += 10_000_000;
    expect(await guard.attempt('a', 'b', right)).toBe(true);
  });

  it('does not hold up another user or another address', async () => {
    const guard = new LoginGuard(() => 0);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await guard.attempt('admin', '10.0.0.1', wrong);
    }
    expect(await guard.attempt('ada', '10.0.0.1', right)).toBe(true);
    expect(await guard.attempt('admin', '10.0.0.2', right)).toBe(true);
  });

  it('starts afresh after a right password', async () => {
    const guard = new LoginGuard(() => 0);
    for (let round = 0; round < 3; round += 1) {
      for (let attempt = 0; attempt < 4; attempt += 1) {
        await guard.attempt('admin', '10.0.0.1', wrong);
      }
      expect(await guard.attempt('admin', '10.0.0.1', right)).toBe(true);
    }
  });

  it('checks at most two passwords at once, and all of them in the end', async () => {
    const guard = new LoginGuard();
    let running = 0;
    let most = 0;
    const check = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return true;
    };
    const users = Array.from({ length: 10 }, (_, index) => `user${index}`);
    const results = await Promise.all(users.map((user) => guard.attempt(user, 'x', check)));
    expect(results).toEqual(users.map(() => true));
    expect(most).toBe(2);
  });

  it('refuses logins while too many wait, and looks at those that wait', async () => {
    const guard = new LoginGuard(() => 0);
    const { promise: gate, resolve: open } = Promise.withResolvers<boolean>();
    const waiting = Array.from({ length: 66 }, (_, index) =>
      guard.attempt(`user ${index}`, 'b', () => gate),
    );
    await expect(guard.attempt('one more', 'b', right)).rejects.toThrow(LoginsBusyError);
    open(true);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]));
    expect(await guard.attempt('one more', 'b', right)).toBe(true);
  });
});

describe('guesses at one user', () => {
  it.each(['ANA', ' ana', 'ana  ', 'ａｎａ'])(
    'are counted together when it is written %j',
    async (name) => {
      const guard = new LoginGuard(() => 1000);
      for (let attempt = 0; attempt < 5; attempt += 1)
        await guard.attempt('ana', '10.0.0.1', wrong);
      await expect(guard.attempt(name, '10.0.0.1', right)).rejects.toThrow(TooManyLoginsError);
    },
  );

  it('are counted together when they come from one network of IPv6', async () => {
    const guard = new LoginGuard(() => 1000);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await guard.attempt('ana', `2001:db8::${attempt}`, wrong);
    }
    const elsewhere = guard.attempt('ana', '2001:db8:0:1::7', right);
    await expect(elsewhere).resolves.toBe(true);
    const same = guard.attempt('ana', '2001:0db8:0:0:ffff::1', right);
    await expect(same).rejects.toThrow(TooManyLoginsError);
  });
});

describe('guesses at many users', () => {
  it('make their address wait, and no other', async () => {
    const guard = new LoginGuard(() => 1000);
    for (let attempt = 0; attempt < 50; attempt += 1) {
      await guard.attempt(`user ${attempt}`, '10.0.0.1', wrong);
    }
    await expect(guard.attempt('ana', '10.0.0.1', right)).rejects.toThrow(TooManyLoginsError);
    expect(await guard.attempt('ana', '10.0.0.2', right)).toBe(true);
  });
});
