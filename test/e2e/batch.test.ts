import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJupyterWorld, type JupyterWorld } from '../support/jupyter.js';
import { writeNotebook } from '../support/jupyterlab-page.js';
import { type Outcome, outputsOf, runIn, venv } from '../support/nbconvert.js';

let world: JupyterWorld;

beforeAll(async () => {
  world = await createJupyterWorld();
}, 30_000);
afterAll(async () => {
  await world?.dispose();
}, 30_000);

/** Writes a notebook whose first cell is the one of the parameters, and runs it by papermill. */
async function papermill(
  name: string,
  cells: readonly string[],
  ...options: string[]
): Promise<Outcome> {
  await writeNotebook(world, `${name}.ipynb`, cells);
  const path = join(world.notebooks, `${name}.ipynb`);
  const notebook = JSON.parse(await readFile(path, 'utf8'));
  notebook.cells[0].metadata.tags = ['parameters'];
  await writeFile(path, JSON.stringify(notebook));
  return await runIn(world, venv('papermill'), [
    ...[`${name}.ipynb`, `run-${name}.ipynb`],
    ...options,
  ]);
}

describe('papermill', () => {
  it('puts its parameters in place of the notebook’s', async () => {
    const cells = ['size = 1\nname = "none"', 'print(name * size)'];
    const outcome = await papermill('given', cells, '-p', 'size', '3', '-p', 'name', 'ab');
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(await outputsOf(world, 'run-given.ipynb')).toContain('ababab');
    // Its progress bar.
    expect(outcome.stderr).toMatch(/100%/);
  }, 120_000);

  it('passes parameters on to a service, and reads its answer', async () => {
    const outcome = await papermill(
      'service',
      [
        'a = 1',
        'def add(a: float, b: float) -> float:\n    return a + b',
        '%publish add Sum V1',
        'total = %consume Sum V1 a=a b=0.5\nprint("total", total)',
      ],
      ...['-p', 'a', '41'],
    );
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(await outputsOf(world, 'run-service.ipynb')).toContain('total 41.5');
  }, 120_000);

  it('logs what cells print, where asked to', async () => {
    const cells = ['x = 1', 'import sys\nprint("to stdout")\nprint("to stderr", file=sys.stderr)'];
    const outcome = await papermill('logged', cells, '--log-output', '--no-progress-bar');
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stderr).toContain('to stdout');
    expect(outcome.stderr).toContain('to stderr');
  }, 120_000);

  it.each([
    ['a Python error', '1 / 0', 'ZeroDivisionError'],
    ['a magic’s error', '%consume NoSuchService V1', 'ServiceNotFoundError'],
    ['a session that ends', 'import os; os._exit(3)', 'SessionEnded'],
  ])(
    'fails on %s, runs nothing after it, and leaves the error in the notebook',
    async (_what, source, error) => {
      const outcome = await papermill('failing', ['x = 1', source, 'print("never" + "more")']);
      expect(outcome.status).not.toBe(0);
      expect(outcome.stderr).toContain(error);
      const outputs = await outputsOf(world, 'run-failing.ipynb');
      expect(outputs).toContain(`"ename":"${error}"`);
      expect(outputs).not.toContain('nevermore');
    },
    120_000,
  );

  it('fails on a cell that takes longer than it may', async () => {
    const cells = ['x = 1', 'import time\ntime.sleep(600)'];
    const outcome = await papermill('slow', cells, '--execution-timeout', '2');
    expect(outcome.status).not.toBe(0);
    expect(outcome.stderr).toContain('CellTimeoutError');
  }, 120_000);
});

describe('nbconvert', () => {
  it('goes on after an error where it is told to', async () => {
    await writeNotebook(world, 'allowed.ipynb', ['1 / 0', 'print("still")']);
    const outcome = await runIn(world, venv('jupyter'), [
      ...['nbconvert', '--to', 'notebook', '--execute', '--allow-errors'],
      ...['--output', 'run-allowed.ipynb', 'allowed.ipynb'],
    ]);
    expect(outcome.status, outcome.stderr).toBe(0);
    const outputs = await outputsOf(world, 'run-allowed.ipynb');
    expect(outputs).toContain('ZeroDivisionError');
    expect(outputs).toContain('still');
  }, 120_000);

  it('interrupts a cell that takes longer than it may, and goes on with the session', async () => {
    await writeNotebook(world, 'timeout.ipynb', [
      'kept = 42',
      'import time\ntime.sleep(600)',
      'print("kept is", kept)',
    ]);
    const outcome = await runIn(world, venv('jupyter'), [
      ...['nbconvert', '--to', 'notebook', '--execute', '--allow-errors'],
      ...['--ExecutePreprocessor.timeout=2', '--ExecutePreprocessor.interrupt_on_timeout=True'],
      ...['--output', 'run-timeout.ipynb', 'timeout.ipynb'],
    ]);
    expect(outcome.status, outcome.stderr).toBe(0);
    const outputs = await outputsOf(world, 'run-timeout.ipynb');
    expect(outputs).toContain('KeyboardInterrupt');
    expect(outputs).toContain('kept is 42');
  }, 120_000);
});

describe('jupyter run', () => {
  it('runs a script in a session and prints what it prints', async () => {
    await writeFile(join(world.notebooks, 'script.py'), 'x = 6\nprint("answer", x * 7)\n');
    const outcome = await runIn(world, venv('jupyter'), [
      'run',
      '--kernel',
      'slipway',
      'script.py',
    ]);
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stdout).toContain('answer 42');
  }, 120_000);
});
