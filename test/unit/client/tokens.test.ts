import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoginFailedError, ServerUnreachableError } from '../../../src/client/index.js';
import {
  type CredentialSource,
  knownCredentials,
  type Refusal,
  TokenKeeper,
  type TokenRoutes,
} from '../../../src/client/tokens.js';

/** Seconds that the tokens of these tests hold. */
const LIFE = 3600;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  keeper?.close();
  vi.useRealTimers();
});

let keeper: TokenKeeper | undefined;
let calls: string[];

/** Routes that count what they hand out; a test makes them fail by what it sets here. */
function routes(failures: { login?: Error; renew?: Error } = {}): TokenRoutes {
  calls = [];
  const pair = (call: string) => {
    calls.push(call);
    return {
      token_type: 'Bearer' as const,
      access_token: `token-${calls.length}`,
      refresh_token: `refresh-${calls.length}`,
      expires_in: LIFE,
      expires_on: 0,
    };
  };
  return {
    async login(_username, password) {
      if (failures.login !== undefined) throw failures.login;
      return pair(`login ${password}`);
    },
    async renew(refreshToken) {
      if (failures.renew !== undefined) {
        calls.push('refused');
        throw failures.renew;
      }
      return pair(refreshToken);
    },
  };
}

const known = knownCredentials({ kind: 'password', username: 'ana', password: 'old' });

function keep(source: CredentialSource, failures?: Parameters<typeof routes>[0]): TokenKeeper {
  keeper = new TokenKeeper(routes(failures), () => source);
  return keeper;
}

const unreachable = () => new ServerUnreachableError('http://host', 'ECONNREFUSED', {});

describe('a token', () => {
  it('is renewed a minute before its end though nobody asks for it, again and again', async () => {
    await keep(known).token();
    await vi.advanceTimersByTimeAsync((LIFE - 61) * 1000);
    expect(calls).toEqual(['login old']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toEqual(['login old', 'refresh-1']);
    await vi.advanceTimersByTimeAsync(LIFE * 1000);
    expect(calls).toEqual(['login old', 'refresh-1', 'refresh-2']);
  });

  it('is not renewed at the same moment by all kernels', async () => {
    const delays = new Set<number>();
    const timer = vi.spyOn(globalThis, 'setTimeout');
    for (let count = 0; count < 20; count += 1) {
      await keep(known).token();
      delays.add(Number(timer.mock.lastCall?.[1]));
      keeper?.close();
    }
    timer.mockRestore();
    expect(delays.size).toBeGreaterThan(1);
    for (const delay of delays) {
      expect(delay).toBeGreaterThanOrEqual((LIFE - 60) * 1000);
      expect(delay).toBeLessThanOrEqual((LIFE - 30) * 1000);
    }
  });

  it('is not renewed any more after the end of its client', async () => {
    await keep(known).token();
    keeper?.close();
    await vi.advanceTimersByTimeAsync(2 * LIFE * 1000);
    expect(calls).toEqual(['login old']);
  });

  it('is renewed later when the server does not answer, until it has expired', async () => {
    const failures: Parameters<typeof routes>[0] = {};
    await keep(known, failures).token();
    failures.renew = unreachable();
    await vi.advanceTimersByTimeAsync((LIFE - 20) * 1000);
    const tries = calls.length;
    expect(tries).toBeGreaterThan(1);
    delete failures.renew;
    await vi.advanceTimersByTimeAsync(6000);
    expect(calls.at(-1)).toBe('refresh-1');
  });

  it('that still holds is given out while its renewal fails', async () => {
    const failures: Parameters<typeof routes>[0] = {};
    await keep(known, failures).token();
    failures.renew = unreachable();
    await vi.advanceTimersByTimeAsync((LIFE - 10) * 1000);
    expect(await keeper?.token()).toBe('token-1');
    await vi.advanceTimersByTimeAsync(11_000);
    await expect(keeper?.token()).rejects.toThrow(ServerUnreachableError);
  });

  it('of a command is asked for again before its end', async () => {
    let count = 0;
    const source: CredentialSource = {
      username: undefined,
      async get() {
        count += 1;
        return { kind: 'token', token: `t${count}`, expiresAt: Date.now() + LIFE * 1000 };
      },
      close: () => undefined,
    };
    expect(await keep(source).token()).toBe('t1');
    await vi.advanceTimersByTimeAsync((LIFE - 20) * 1000);
    expect(await keeper?.token()).toBe('t2');
  });

  it('that holds longer than a timer of Node’s can wait is asked for again at its end alone', async () => {
    const day = 24 * 60 * 60 * 1000;
    const refusals: (Refusal | undefined)[] = [];
    const source: CredentialSource = {
      username: undefined,
      async get(refusal) {
        refusals.push(refusal);
        return {
          kind: 'token',
          token: `t${refusals.length}`,
          expiresAt: Date.now() + 60 * day,
        };
      },
      close: () => undefined,
    };
    await keep(source).token();
    await vi.advanceTimersByTimeAsync(59 * day);
    expect(refusals).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(day);
    expect(refusals).toHaveLength(2);
    expect(await keeper?.token()).toBe('t2');
  });

  it('that was given and is refused is replaced by other credentials', async () => {
    const refusals: (Refusal | undefined)[] = [];
    const source: CredentialSource = {
      username: undefined,
      async get(refusal) {
        refusals.push(refusal);
        return { kind: 'token', token: `t${refusals.length}` };
      },
      close: () => undefined,
    };
    expect(await keep(source).token()).toBe('t1');
    expect(await Promise.all([keeper?.replace('t1'), keeper?.replace('t1')])).toEqual(['t2', 't2']);
    expect(refusals[1]?.error.message).toContain('has expired or was revoked');
    expect(await keeper?.replace('t1')).toBe('t2');
  });
});

describe('a login that is refused', () => {
  /** Credentials whose replacement a test gives when it wants to. */
  function asking() {
    const answer = Promise.withResolvers<string>();
    const source: CredentialSource = {
      username: 'ana',
      async get(refusal) {
        if (refusal === undefined) return { kind: 'password', username: 'ana', password: 'old' };
        const password = await answer.promise;
        return { kind: 'password', username: 'ana', password };
      },
      close: () => undefined,
    };
    return { source, answer };
  }

  it('asks for another ahead of time, and nobody waits whose token still holds', async () => {
    const { source, answer } = asking();
    const failures: Parameters<typeof routes>[0] = {};
    await keep(source, failures).token();
    failures.renew = new LoginFailedError('Revoked.');
    failures.login = new LoginFailedError('Wrong.');
    await vi.advanceTimersByTimeAsync((LIFE - 20) * 1000);
    expect(await keeper?.token()).toBe('token-1');
    delete failures.login;
    answer.resolve('new');
    await vi.advanceTimersByTimeAsync(1);
    expect(calls.at(-1)).toBe('login new');
    expect(await keeper?.token()).toBe('token-3');
  });

  it('lets those wait for the answer whose token has expired', async () => {
    const { source, answer } = asking();
    const failures: Parameters<typeof routes>[0] = {};
    await keep(source, failures).token();
    failures.renew = new LoginFailedError('Revoked.');
    failures.login = new LoginFailedError('Wrong.');
    await vi.advanceTimersByTimeAsync((LIFE + 20) * 1000);
    const waiting = keeper?.token();
    delete failures.login;
    answer.resolve('new');
    expect(await waiting).toBe('token-3');
  });

  it('is the failure of those who ask when there is no other', async () => {
    const refused = new LoginFailedError('Wrong.');
    await expect(keep(known, { login: refused }).token()).rejects.toBe(refused);
  });
});
