import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  PythonNotFoundError,
  PythonTooOldError,
  VenvModuleMissingError,
} from '../../../scripts/setup/errors.mjs';
import { findPython } from '../../../scripts/setup/python.mjs';

describe('the search for a Python that can carry the environment', () => {
  let path: string;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'slipway-pythons-'));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));

  /** Puts a program on the PATH that answers the probe as an interpreter of that version would. */
  async function install(command: string, version: number[], canMakeVenv = true) {
    await script(command, `echo '${JSON.stringify({ version, canMakeVenv })}'`);
  }

  async function script(command: string, line: string) {
    await writeFile(join(path, command), `#!/bin/sh\n${line}\n`);
    await chmod(join(path, command), 0o755);
    return join(path, command);
  }

  it('takes python3 when it is new enough', async () => {
    await install('python3', [3, 12, 1]);
    await install('python3.13', [3, 13, 0]);
    await expect(findPython({ PATH: path })).resolves.toBe('python3');
  });

  it('passes over one that is too old', async () => {
    await install('python3', [3, 9, 18]);
    await install('python3.10', [3, 10, 13]);
    await expect(findPython({ PATH: path })).resolves.toBe('python3.10');
  });

  it('passes over one that is on the PATH and does not run', async () => {
    await script('python3', 'exit 127');
    await install('python', [3, 11, 0]);
    await expect(findPython({ PATH: path })).resolves.toBe('python');
  });

  it('takes SLIPWAY_BOOTSTRAP_PYTHON before all others', async () => {
    await install('python3', [3, 12, 1]);
    await install('mine', [3, 11, 0]);
    const mine = join(path, 'mine');
    await expect(findPython({ PATH: path, SLIPWAY_BOOTSTRAP_PYTHON: mine })).resolves.toBe(mine);
  });

  it('does not fall back when SLIPWAY_BOOTSTRAP_PYTHON names nothing', async () => {
    await install('python3', [3, 12, 1]);
    const nothing = join(path, 'nothing');
    const search = findPython({ PATH: path, SLIPWAY_BOOTSTRAP_PYTHON: nothing });
    await expect(search).rejects.toThrow(PythonNotFoundError);
    await expect(search).rejects.toThrow(nothing);
  });

  it('says what it looked for when there is no Python', async () => {
    await expect(findPython({ PATH: path })).rejects.toThrow(/looked for python3, python, /);
  });

  it('names the versions that are too old', async () => {
    await install('python3', [3, 8, 18]);
    await install('python', [2, 7, 18]);
    const search = findPython({ PATH: path });
    await expect(search).rejects.toThrow(PythonTooOldError);
    await expect(search).rejects.toThrow('found python3 (3.8.18), python (2.7.18)');
  });

  it('says which package is missing when Python cannot make environments', async () => {
    await install('python3', [3, 11, 2], false);
    await expect(findPython({ PATH: path })).rejects.toThrow(VenvModuleMissingError);
  });
});
