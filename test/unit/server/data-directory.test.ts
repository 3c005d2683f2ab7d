import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { announce } from '../../../src/server/announcement.js';
import { DataDirectoryInUseError, lockDataDirectory } from '../../../src/server/data-directory.js';

const SERVER = {
  url: 'http://127.0.0.1:1',
  pid: 1,
  version: '0.1.0',
  startedAt: 'before',
  embedded: true,
};
const ADMIN = { username: 'admin', password: 'of before' };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('the lock of a data directory', () => {
  it('takes away what a killed server has said of itself, and leaves all else', async () => {
    await announce(directory, SERVER, ADMIN);
    await writeFile(join(directory, 'kept'), '');
    const lock = await lockDataDirectory(directory);
    lock.release();
    expect((await readdir(directory)).sort()).toEqual(['kept', 'lock.db']);
  });

  it('leaves alone what a running server says', async () => {
    const lock = await lockDataDirectory(directory);
    await announce(directory, SERVER, ADMIN);
    await expect(lockDataDirectory(directory)).rejects.toThrow(DataDirectoryInUseError);
    expect(await readdir(directory)).toEqual(
      expect.arrayContaining(['runtime.json', 'server.json']),
    );
    lock.release();
  });
});
