import { userInfo } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { localUser } from '../../../src/jupyter/index.js';

// Only root can become a user id without an entry, so that the system's answer is replaced.
vi.mock('node:os', async (original) => {
  const os = await original<typeof import('node:os')>();
  return { ...os, userInfo: vi.fn(os.userInfo) };
});

afterEach(() => {
  vi.mocked(userInfo).mockReset();
  vi.unstubAllEnvs();
});

/** What Node says under `docker run -u 12345`. */
function noEntry(): never {
  throw Object.assign(
    new Error('A system error occurred: uv_os_get_passwd returned ENOENT (no such file)'),
    { code: 'ERR_SYSTEM_ERROR' },
  );
}

describe('the name of the local user', () => {
  it('is the one that the system has', () => {
    expect(localUser()).toBe(userInfo().username);
  });

  it.each([
    ['ana', 'ana'],
    ['', 'username'],
  ])('under a user id without an entry is that of the environment: USER=%j', (user, name) => {
    vi.stubEnv('USER', user);
    vi.mocked(userInfo).mockImplementation(noEntry);
    expect(localUser()).toBe(name);
  });

  it('does not hide another failure', () => {
    vi.mocked(userInfo).mockImplementation(() => {
      throw new TypeError('broken');
    });
    expect(localUser).toThrow(TypeError);
  });
});
