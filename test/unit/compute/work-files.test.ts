import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Accounts } from '../../../src/compute/local/isolation/accounts.js';
import { Enclosure } from '../../../src/compute/local/isolation/index.js';
import {
  FileNotFoundError,
  LocalWorkFiles,
  UnsafePathError,
} from '../../../src/compute/local/work-files.js';

let base: string;
let root: string;
let files: LocalWorkFiles;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-files-'));
  root = join(base, 'work');
  const places = {
    workDirectory: root,
    stagingDirectory: join(base, 'staging'),
    inboxDirectory: join(base, 'inbox'),
    sealedDirectory: join(base, 'sealed'),
  };
  for (const path of Object.values(places)) await mkdir(path);
  const accounts = new Accounts(60_706, 1);
  const scratch = join(base, 'scratch');
  files = new LocalWorkFiles(
    places,
    new Enclosure({
      accounts,
      account: undefined,
      scratch,
      isApart: true,
      canLeaveProcesses: false,
    }),
  );
});

afterEach(() => rm(base, { recursive: true, force: true }));

async function* bytes(...chunks: string[]) {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

describe('the working directory of a session', () => {
  it('gives back what was written, folders included', async () => {
    await files.write('plots/a.txt', bytes('one ', 'two'));
    expect(await text(await files.read('plots/a.txt'))).toBe('one two');
    expect(await files.list()).toEqual([{ path: 'plots/a.txt', size: 7 }]);
  });

  it('overwrites a file whole', async () => {
    await files.write('a.txt', bytes('a long first version'));
    await files.write('a.txt', bytes('short'));
    expect(await readFile(join(root, 'a.txt'), 'utf8')).toBe('short');
  });

  it('leaves the old file and no rest of the new one when a write fails', async () => {
    await files.write('a.txt', bytes('old'));
    async function* broken() {
      yield Buffer.from('half');
      throw new Error('connection lost');
    }
    await expect(files.write('a.txt', broken())).rejects.toThrow('connection lost');
    expect(await readFile(join(root, 'a.txt'), 'utf8')).toBe('old');
    expect(await readdir(join(base, 'staging'))).toEqual([]);
  });

  it('lists regular files alone, sorted by path', async () => {
    await writeFile(join(root, 'b'), '');
    await writeFile(join(root, 'a'), '');
    await symlink('/etc/hostname', join(root, 'link'));
    await mkdir(join(root, 'empty'));
    expect((await files.list()).map((file) => file.path)).toEqual(['a', 'b']);
  });

  it('removes a file, and says so when there is none', async () => {
    await files.write('a.txt', bytes('x'));
    await files.remove('a.txt');
    await expect(files.remove('a.txt')).rejects.toThrow(FileNotFoundError);
    await expect(files.read('a.txt')).rejects.toThrow(FileNotFoundError);
  });

  it.each([
    ['../a', 'a part ".."'],
    ['a/../../b', 'a part ".." further down'],
    ['/etc/passwd', 'an absolute path'],
    ['C:\\a', 'a drive'],
    ['a\\..\\b', 'backslashes'],
    ['a\0b', 'a NUL character'],
    ['', 'nothing'],
    ['.', 'the folder itself'],
    ['a//b', 'an empty part'],
    ['x'.repeat(256), 'a name of 256 bytes'],
    ['ü'.repeat(128), 'a name of 128 letters and 256 bytes'],
    [Array.from({ length: 300 }, () => 'abcd').join('/'), 'a path of 1499 bytes'],
  ])('refuses %j: %s', async (path) => {
    await expect(files.read(path)).rejects.toThrow(UnsafePathError);
    await expect(files.write(path, bytes('x'))).rejects.toThrow(UnsafePathError);
    await expect(files.remove(path)).rejects.toThrow(UnsafePathError);
  });

  it('never crosses a link that code in the session has put there', async () => {
    const outside = join(base, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(root, 'folder'));
    await symlink(join(outside, 'secret'), join(root, 'file'));
    await expect(files.read('folder/secret')).rejects.toThrow(UnsafePathError);
    await expect(files.read('file')).rejects.toThrow(FileNotFoundError);
    await files.write('file', bytes('mine'));
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
    expect(await text(await files.read('file'))).toBe('mine');
  });
});
