import { execFileSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveDownload } from '../../../kernel/magics/local-files.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-local-'));
  path = join(folder, 'plot.png');
});
afterEach(() => rm(folder, { recursive: true }));

const { signal } = new AbortController();
const replacing = { replace: true, signal };
const keeping = { replace: false, signal };
const whole = async () => Readable.from([Buffer.from('new')]);
/** Breaks off in the middle. */
const broken = async () =>
  Readable.from(
    (async function* () {
      yield Buffer.from('half');
      throw new Error('The connection broke.');
    })(),
  );
const refused = () => Promise.reject(new Error('The session has no such file.'));

describe('a download', () => {
  it('is a file of the user’s alone', async () => {
    await saveDownload(whole, path, keeping);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('does not touch a file that is there', async () => {
    await writeFile(path, 'old');
    const saving = saveDownload(whole, path, keeping);
    await expect(saving).rejects.toMatchObject({ ename: 'FileExistsError' });
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  it.each([
    ['breaks off', broken],
    ['is refused', refused],
  ])('that %s leaves nothing behind', async (_how, download) => {
    for (const options of [keeping, replacing]) {
      await expect(saveDownload(download, path, options)).rejects.toThrow();
      expect(await readdir(folder)).toEqual([]);
    }
  });
});

describe('a download that replaces a file', () => {
  it('replaces it and keeps its mode', async () => {
    await writeFile(path, 'old');
    await chmod(path, 0o640);
    await saveDownload(whole, path, replacing);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readdir(folder)).toEqual(['plot.png']);
  });

  it.each([
    ['breaks off', broken],
    ['is refused', refused],
  ])('leaves the user’s file as it was when it %s', async (_how, download) => {
    await writeFile(path, 'old');
    await expect(saveDownload(download, path, replacing)).rejects.toThrow();
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['plot.png']);
  });

  it('leaves the user’s file as it was when the user interrupts', async () => {
    await writeFile(path, 'old');
    const interrupt = new AbortController();
    const endless = async () => {
      setImmediate(() => interrupt.abort());
      return new Readable({ read: () => undefined });
    };
    const saving = saveDownload(endless, path, { replace: true, signal: interrupt.signal });
    await expect(saving).rejects.toThrow();
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['plot.png']);
  });

  it('replaces what a link leads to, not the link', async () => {
    await writeFile(path, 'old');
    const link = join(folder, 'link.png');
    await symlink(path, link);
    await saveDownload(whole, link, replacing);
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  it('replaces no folder and no pipe, and does not ask for the download', async () => {
    await mkdir(path);
    await expect(saveDownload(refused, path, replacing)).rejects.toMatchObject({
      ename: 'IsADirectoryError',
    });
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(saveDownload(refused, pipe, replacing)).rejects.toMatchObject({
      ename: 'OSError',
    });
    expect((await stat(pipe)).isFIFO()).toBe(true);
  });
});
