import { realpathSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { InterpreterError } from './errors.js';
import {
  askInterpreter,
  describeOldPython,
  type Interpreter,
  installCommand,
  isProgram,
  requireProgram,
} from './interpreter-probe.js';
import { packageRoot } from './package-root.js';

/**
 * The interpreter that was chosen: by `--python`, else SLIPWAY_PYTHON, else a checkout's own.
 * @returns undefined where none was
 */
export function chosenInterpreter(
  option: string | undefined,
  env: NodeJS.ProcessEnv,
): string | undefined {
  const named = option || env.SLIPWAY_PYTHON;
  if (named) {
    return resolve(named);
  }
  const own = join(packageRoot(), '.venv', 'bin', 'python');
  return isProgram(own) ? own : undefined;
}

/**
 * The path of the interpreter that sessions and services run on: the chosen one, else the first
 * `python3` of the PATH that has ipykernel. A chosen one is not asked, for a server starts often.
 * @throws {InterpreterError}
 */
export async function interpreterPath(
  option: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const chosen = chosenInterpreter(option, env);
  if (chosen === undefined) {
    return (await findOnPath(env)).path;
  }
  requireProgram(chosen);
  return chosen;
}

/**
 * The same interpreter, asked whether sessions can run on it.
 * @throws {InterpreterError} also when it is too old or lacks ipykernel
 */
export async function sessionInterpreter(
  option: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Interpreter> {
  const chosen = chosenInterpreter(option, env);
  if (chosen === undefined) {
    return findOnPath(env);
  }
  const interpreter = await askInterpreter(chosen);
  const complaint = describeOldPython(interpreter);
  if (complaint !== undefined) {
    throw new InterpreterError(complaint);
  }
  if (interpreter.packages.ipykernel === null) {
    throw new InterpreterError(
      `${chosen} has no ipykernel. Install it: ${installCommand(chosen)}. Or name another interpreter with --python or SLIPWAY_PYTHON.`,
    );
  }
  return interpreter;
}

/**
 * The first `python3` of the PATH that sessions can run on.
 * @throws {InterpreterError} naming those that cannot, and what to install
 */
export async function findOnPath(env: NodeJS.ProcessEnv): Promise<Interpreter> {
  const withoutIpykernel: Interpreter[] = [];
  const complaints: string[] = [];
  for (const program of pythonsOnPath(env)) {
    try {
      const answer = await askInterpreter(program);
      // A shim chooses by the working directory; what it has chosen here is to stay.
      const interpreter = { ...answer, path: answer.executable || program };
      const complaint = describeOldPython(interpreter);
      if (complaint !== undefined) complaints.push(complaint);
      else if (interpreter.packages.ipykernel === null) withoutIpykernel.push(interpreter);
      else return interpreter;
    } catch (error) {
      if (!(error instanceof InterpreterError)) throw error;
      complaints.push(error.message);
    }
  }
  throw new InterpreterError(describeSearch(withoutIpykernel, complaints));
}

function describeSearch(
  withoutIpykernel: readonly Interpreter[],
  complaints: readonly string[],
): string {
  const otherwise = 'or name an interpreter that has them with --python or SLIPWAY_PYTHON.';
  const [first] = withoutIpykernel;
  if (first === undefined) {
    const all = complaints.map((complaint) => `\n  ${complaint}`).join('');
    return `No python3 of the PATH can carry sessions. Install Python, and into it ipykernel and cloudpickle (${installCommand('python3')}), ${otherwise}${all}`;
  }
  const seen = withoutIpykernel.map(({ path, version }) => `${path} (${version})`).join(', ');
  return `No python3 of the PATH has ipykernel: ${seen}. Install it (${installCommand(first.path)}), ${otherwise}`;
}

/** Each `python3` of the PATH once, in its order. */
function pythonsOnPath(env: NodeJS.ProcessEnv): string[] {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const programs = folders.map((folder) => resolve(folder, 'python3')).filter(isProgram);
  // A linked folder holds the same programs; a linked program may be an environment of its own.
  const byFolder = new Map<string, string>();
  for (const program of programs) {
    const folder = realpathSync(dirname(program));
    if (!byFolder.has(folder)) byFolder.set(folder, program);
  }
  return [...byFolder.values()];
}
