import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { promisify } from 'node:util';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import { InterpreterError } from './errors.js';

const Version = Type.Union([Type.String(), Type.Null()]);

/** What {@link PROBE} prints. */
const Answer = Type.Object({
  /** Python's `sys.executable`, empty where it does not know. */
  executable: Type.String(),
  /** Such as `3.11.7`. */
  version: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' }),
  /** The environment that it belongs to: Python's `sys.prefix`. */
  prefix: Type.String(),
  /** Versions of the packages that sessions need, null where one is missing. */
  packages: Type.Object({ ipykernel: Version, cloudpickle: Version }),
});

/** What a Python interpreter says of itself, and the path that it was started by. */
export type Interpreter = Static<typeof Answer> & { readonly path: string };

/** The oldest Python that `python/` runs on. */
const OLDEST = [3, 9] as const;

/** Milliseconds in which an interpreter has to answer. */
const PROBE_TIMEOUT = 20_000;

/**
 * Not run with `-I`, which would hide packages of the user's own; but no module of the working
 * directory may stand in for one of Python's.
 */
const PROBE = `
import sys
if sys.path[0] == "":
    del sys.path[0]
import json
def version(name):
    try:
        from importlib.metadata import version
        return version(name)
    except ImportError:
        return None
print(json.dumps({
    "executable": sys.executable or "",
    "version": "%d.%d.%d" % sys.version_info[:3],
    "prefix": sys.prefix,
    "packages": {name: version(name) for name in ("ipykernel", "cloudpickle")},
}))
`;

/**
 * Starts an interpreter and asks it about itself.
 * @throws {InterpreterError} when it is not there or gives no answer
 */
export async function askInterpreter(path: string): Promise<Interpreter> {
  requireProgram(path);
  try {
    const { stdout } = await promisify(execFile)(path, ['-c', PROBE], { timeout: PROBE_TIMEOUT });
    const answer: unknown = JSON.parse(stdout);
    if (!Compile(Answer).Check(answer)) {
      throw new SyntaxError('it printed something else than it was told');
    }
    return { ...(answer as Static<typeof Answer>), path };
  } catch (cause) {
    throw new InterpreterError(
      `${path} does not work as a Python interpreter: ${lastLine(cause)}. Name another one with --python or SLIPWAY_PYTHON.`,
      { cause },
    );
  }
}

/** @throws {InterpreterError} when no program is at the path */
export function requireProgram(path: string): void {
  if (!isProgram(path)) {
    throw new InterpreterError(
      `There is no Python interpreter at ${path}. Name one that has ipykernel with --python or SLIPWAY_PYTHON.`,
    );
  }
}

/** Whether the file is there and may be run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') return false;
    throw error;
  }
}

/** A sentence for an interpreter that is older than what sessions run on, undefined for others. */
export function describeOldPython({ path, version }: Interpreter): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) {
    return undefined;
  }
  return `${path} is Python ${version}, and sessions need ${OLDEST.join('.')} or newer. Name another interpreter with --python or SLIPWAY_PYTHON.`;
}

/** How to give an interpreter what sessions need. */
export function installCommand(python: string): string {
  return `${python} -m pip install ipykernel cloudpickle`;
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim().split('\n').at(-1) ?? message;
}
