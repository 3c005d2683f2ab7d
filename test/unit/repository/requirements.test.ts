import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findChromium } from '../../support/requirements.js';

describe('what tests need beside Node and Python', () => {
  let path: string;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'slipway-path-'));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));

  it('is found on the PATH', async () => {
    const chromium = join(path, 'chromium');
    await writeFile(chromium, '');
    await chmod(chromium, 0o755);
    expect(findChromium({ PATH: `/nowhere:${path}` })).toBe(chromium);
  });

  it('is not a file that cannot be run', async () => {
    await writeFile(join(path, 'chromium'), '', { mode: 0o644 });
    expect(findChromium({ PATH: path })).toBeUndefined();
  });

  it('may be missing on a developer’s machine, where the tests are skipped', () => {
    expect(findChromium({ PATH: path })).toBeUndefined();
  });

  it('fails the run when it is missing in CI', () => {
    expect(() => findChromium({ PATH: path, CI: 'true' })).toThrow('Chromium is not there');
  });
});
