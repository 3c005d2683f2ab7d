import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createRuntimeDirectory,
  ensurePrivateDirectory,
  runtimeBase,
  UnsafeDirectoryError,
} from '../../../src/compute/local/runtime-directory.js';

let base: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-run-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('the directory of a session’s sockets', () => {
  it('is below the data directory where the paths of sockets stay short enough', () => {
    expect(runtimeBase('/home/me/.local/share/slipway')).toBe('/home/me/.local/share/slipway/run');
  });

  it('is in the temporary directory, the same each time, where they would be too long', () => {
    const long = `/home/${'x'.repeat(100)}`;
    expect(runtimeBase(long)).toBe(runtimeBase(long));
    expect(runtimeBase(long)).not.toBe(runtimeBase(`${long}y`));
    expect(runtimeBase(long).startsWith(join(tmpdir(), 'slipway-'))).toBe(true);
  });

  it('can be entered by its owner alone', async () => {
    const directory = await createRuntimeDirectory(join(base, 'run'));
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(base, 'run'))).mode & 0o777).toBe(0o700);
  });

  it('is closed to others when it was open before', async () => {
    const directory = join(base, 'open');
    await mkdir(directory);
    await chmod(directory, 0o755);
    await ensurePrivateDirectory(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('is refused when something else has its place', async () => {
    await mkdir(join(base, 'elsewhere'));
    await symlink(join(base, 'elsewhere'), join(base, 'link'));
    await expect(ensurePrivateDirectory(join(base, 'link'))).rejects.toThrow(UnsafeDirectoryError);
    await writeFile(join(base, 'file'), '');
    await expect(ensurePrivateDirectory(join(base, 'file'))).rejects.toThrow();
  });
});
