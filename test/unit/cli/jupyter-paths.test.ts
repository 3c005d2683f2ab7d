import { describe, expect, it } from 'vitest';
import { dataDirectories, userDataDirectory } from '../../../src/cli/jupyter-paths.js';

describe("the search for Jupyter's data", () => {
  it("goes from JUPYTER_PATH to the user's, the environment's and the system's", () => {
    const env = { JUPYTER_PATH: '/a:/b', JUPYTER_DATA_DIR: '/user' };
    expect(dataDirectories(env, ['/env'])).toEqual([
      '/a',
      '/b',
      '/user',
      '/env/share/jupyter',
      '/usr/local/share/jupyter',
      '/usr/share/jupyter',
    ]);
  });

  it.each([
    ['1', ['/env/share/jupyter', '/user']],
    ['no', ['/user', '/env/share/jupyter']],
  ])('with JUPYTER_PREFER_ENV_PATH=%s begins with %j', (value, first) => {
    const env = { JUPYTER_PREFER_ENV_PATH: value, JUPYTER_DATA_DIR: '/user' };
    expect(dataDirectories(env, ['/env']).slice(0, 2)).toEqual(first);
  });

  it.runIf(process.platform === 'linux')("finds the user's own by XDG_DATA_HOME", () => {
    expect(userDataDirectory({ XDG_DATA_HOME: '/x' })).toBe('/x/jupyter');
  });
});
