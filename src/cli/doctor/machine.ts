import { InterpreterError } from '../errors.js';
import { chosenInterpreter, interpreterPath } from '../interpreter.js';
import {
  askInterpreter,
  describeOldPython,
  type Interpreter,
  installCommand,
} from '../interpreter-probe.js';
import type { InstalledKernel } from '../kernel-spec.js';
import { type Check, failed, passed, skipped } from './check.js';

/** Whether Jupyter knows the kernel, and the entry names what is there. */
export function checkKernelspec(kernel: InstalledKernel | undefined): Check {
  const name = 'kernelspec';
  if (kernel === undefined) {
    return failed(
      name,
      'Jupyter has no Slipway kernel.',
      'Run "slipway kernel install". If it is in an environment of its own, activate that first.',
    );
  }
  if (kernel.problems.length > 0) {
    return failed(
      name,
      `${kernel.directory}: ${kernel.problems.join(' ')}`,
      'Run "slipway kernel install" again, for the same place.',
    );
  }
  return passed(name, kernel.directory);
}

/** The Python of this user's own server; elsewhere it is the server's affair. */
export async function checkPython(
  env: NodeJS.ProcessEnv,
  remote: string | undefined,
): Promise<Check[]> {
  if (remote !== undefined) {
    return ['Python', 'ipykernel', 'cloudpickle'].map((name) =>
      skipped(name, `not needed here: sessions run on ${remote}`),
    );
  }
  let interpreter: Interpreter;
  try {
    interpreter = await askInterpreter(await interpreterPath(undefined, env));
  } catch (error) {
    if (!(error instanceof InterpreterError)) throw error;
    return withoutPython(error.message, env);
  }
  const { path, version, packages } = interpreter;
  const complaint = describeOldPython(interpreter);
  return [
    complaint === undefined
      ? passed('Python', `${version}, ${path}`)
      : failed('Python', complaint, 'Install Python 3.9 or newer and name it with SLIPWAY_PYTHON.'),
    checkPackage('ipykernel', packages.ipykernel, path, 'sessions run on it'),
    checkPackage('cloudpickle', packages.cloudpickle, path, 'snapshots and services need it'),
  ];
}

function withoutPython(message: string, env: NodeJS.ProcessEnv): Check[] {
  const chosen = chosenInterpreter(undefined, env);
  const fix =
    chosen === undefined
      ? 'Then run "slipway kernel install", which keeps the path of the interpreter.'
      : 'Run "slipway kernel install --python PATH" with the path of an interpreter that works, or set SLIPWAY_PYTHON.';
  return [
    failed('Python', message, fix),
    skipped('ipykernel', 'there is no Python to have it'),
    skipped('cloudpickle', 'there is no Python to have it'),
  ];
}

function checkPackage(name: string, version: string | null, python: string, use: string): Check {
  return version === null
    ? failed(name, `${python} does not have it; ${use}.`, `Run: ${installCommand(python)}`)
    : passed(name, version);
}
