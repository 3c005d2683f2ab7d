import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RestartNote } from '../../../kernel/restart-note.js';

const connection = { key: 'secret-key', ip: '127.0.0.1', shell_port: 5001 };
const inheritance = { session: 'a1', name: 'training' };

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-note-'));
});
afterEach(() => rm(home, { recursive: true }));

const note = (change: object = {}) =>
  new RestartNote(async () => home, { ...connection, ...change });
const folder = () => join(home, 'restarts');

describe('the note of a kernel that restarts', () => {
  it('is read by the kernel on the same connection, once, and by no other', async () => {
    await note().leave(inheritance);
    expect(await note({ shell_port: 5002 }).take()).toBeUndefined();
    expect(await note().take()).toEqual(inheritance);
    expect(await note().take()).toBeUndefined();
    expect(await readdir(folder())).toEqual([]);
  });

  it('is the user’s alone and does not tell the key', async () => {
    await note().leave(inheritance);
    const [name = ''] = await readdir(folder());
    expect(name).not.toContain('secret');
    expect((await stat(join(folder(), name))).mode & 0o777).toBe(0o600);
    expect((await stat(folder())).mode & 0o777).toBe(0o700);
  });

  it('that was cut short says nothing', async () => {
    await note().leave(inheritance);
    const [name = ''] = await readdir(folder());
    await writeFile(join(folder(), name), '{"session":"a');
    expect(await note().take()).toBeUndefined();
  });

  it('takes away what no kernel came for within a day', async () => {
    await note({ key: 'older' }).leave(inheritance);
    const [old = ''] = await readdir(folder());
    const before = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await utimes(join(folder(), old), before, before);
    await note().leave(inheritance);
    expect(await readdir(folder())).toHaveLength(1);
    expect(await note().take()).toEqual(inheritance);
  });

  it('is left though another kernel takes its own at the same moment', async () => {
    await mkdir(folder());
    // Listed, but not there when it is looked at.
    await symlink(join(folder(), 'taken'), join(folder(), 'other.json'));
    await note().leave(inheritance);
    expect(await note().take()).toEqual(inheritance);
  });
});
