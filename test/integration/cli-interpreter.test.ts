import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InterpreterError } from '../../src/cli/errors.js';
import { findOnPath, interpreterPath, sessionInterpreter } from '../../src/cli/interpreter.js';
import { writeBarePython, writeProgram } from '../support/interpreters.js';
import { python } from '../support/server.js';

let base: string;
let fit: string;
let bare: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-interpreter-'));
  fit = join(base, 'fit');
  bare = join(base, 'bare');
  await writeProgram(join(fit, 'python3'), `exec '${python}' "$@"`);
  await writeBarePython(join(bare, 'python3'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

const search = (...folders: string[]) => findOnPath({ PATH: folders.join(delimiter) });
const complaintOf = async (searching: Promise<unknown>) => {
  const error = await searching.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InterpreterError);
  return (error as Error).message;
};

describe('the interpreter of sessions, when none is chosen', () => {
  it('is the first python3 of the PATH that has ipykernel', async () => {
    const found = await search(join(base, 'none'), bare, fit);
    expect(found.packages.ipykernel).toMatch(/^\d+\./);
  });

  it('is the program itself, where a shim stands in front of it', async () => {
    expect((await search(fit)).path).toBe(python);
  });

  it('is not one that does not start', async () => {
    await writeProgram(join(base, 'broken/python3'), 'echo "cannot load" >&2; exit 1');
    await expect(search(join(base, 'broken'), fit)).resolves.toMatchObject({ path: python });
    const complaint = await complaintOf(search(join(base, 'broken')));
    expect(complaint).toContain('broken/python3 does not work');
    expect(complaint).toContain('cannot load');
  });

  it('is not one that is too old', async () => {
    const answer = '{"executable":"","version":"3.8.1","prefix":"/","packages":';
    await writeProgram(
      join(base, 'old/python3'),
      `echo '${answer}{"ipykernel":"6.0.0","cloudpickle":null}}'`,
    );
    expect(await complaintOf(search(join(base, 'old')))).toContain('is Python 3.8.1');
  });

  it('is told to be given what it lacks, each interpreter named once', async () => {
    await symlink(bare, join(base, 'link'));
    const complaint = await complaintOf(search(bare, join(base, 'link')));
    expect(complaint).toMatch(/^No python3 of the PATH has ipykernel: \S+ \(\d+\.\d+\.\d+\)\. /);
    expect(complaint).toContain('-m pip install ipykernel cloudpickle');
    expect(complaint).toContain('--python');
  });

  it('is told to be installed, where there is no Python at all', async () => {
    const complaint = await complaintOf(search(join(base, 'none')));
    expect(complaint).toContain('Install Python');
    expect(complaint).toContain('pip install ipykernel cloudpickle');
  });

  it('cannot be changed by a module of the working directory', async () => {
    const folder = join(base, 'shadow');
    await writeProgram(join(folder, 'json.py'), 'raise SystemExit("shadowed")');
    const here = process.cwd();
    process.chdir(folder);
    try {
      await expect(search(fit)).resolves.toMatchObject({ path: python });
    } finally {
      process.chdir(here);
    }
  });
});

describe('the interpreter of sessions, when one is chosen', () => {
  it('is that of the option, then that of SLIPWAY_PYTHON', async () => {
    const option = join(bare, 'python3');
    const env = { SLIPWAY_PYTHON: join(fit, 'python3') };
    await expect(interpreterPath(option, env)).resolves.toBe(option);
    await expect(interpreterPath(undefined, env)).resolves.toBe(env.SLIPWAY_PYTHON);
  });

  it('has to be there, and is not replaced by another one', async () => {
    const complaint = await complaintOf(interpreterPath('/nowhere/python', { PATH: fit }));
    expect(complaint).toContain('no Python interpreter at /nowhere/python');
  });

  it('has to have ipykernel before a kernel is installed on it', async () => {
    const path = join(bare, 'python3');
    const complaint = await complaintOf(sessionInterpreter(path, { PATH: fit }));
    expect(complaint).toContain(`${path} -m pip install ipykernel cloudpickle`);
  });
});
