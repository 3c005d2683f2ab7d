import { type ExecFileException, execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type JupyterWorld, projectRoot } from './jupyter.js';

/** How a program ended and what it said. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The path of a program of the project's Python environment. */
export function venv(program: string): string {
  return join(projectRoot, '.venv/bin', program);
}

/** Runs a program in the folder of a world's notebooks. */
export function runIn(
  world: JupyterWorld,
  command: string,
  args: readonly string[],
  input?: string,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { cwd: world.notebooks, env: world.env, maxBuffer: 64 * 1024 * 1024 },
      (error: ExecFileException | null, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
    child.stdin?.end(input);
  });
}

/** Executes a notebook into one of the same name with `run-` before it. */
export function nbconvert(world: JupyterWorld, notebook: string): Promise<Outcome> {
  const options = ['--to', 'notebook', '--execute', '--output', `run-${notebook}`];
  return runIn(world, venv('jupyter'), ['nbconvert', ...options, notebook]);
}

/** All outputs of a notebook, as JSON. */
export async function outputsOf(world: JupyterWorld, notebook: string): Promise<string> {
  const { cells } = JSON.parse(await readFile(join(world.notebooks, notebook), 'utf8'));
  return JSON.stringify(cells.map((cell: { outputs?: unknown }) => cell.outputs ?? []));
}
