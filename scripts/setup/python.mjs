import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runQuietly } from './command.mjs';
import { PythonNotFoundError, PythonTooOldError, VenvModuleMissingError } from './errors.mjs';
import { root, venv, venvPython } from './paths.mjs';
import { fingerprint, readStamp, writeStamp } from './stamp.mjs';

const CANDIDATES = [
  'python3',
  'python',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
];
const OLDEST = [3, 10];

/** Must parse and run on every Python since 2.7, to be able to say that it is too old. */
const PROBE = `
import json, sys
try:
    import ensurepip, venv
    can_make_venv = True
except ImportError:
    can_make_venv = False
print(json.dumps({"version": list(sys.version_info[:3]), "canMakeVenv": can_make_venv}))
`;

const stampPath = join(venv, '.slipway.json');

/**
 * Makes the private environment and installs what requirements.txt pins.
 * @type {import('./step.mjs').Step}
 */
export const pythonEnvironment = {
  title: 'Python',
  doing: 'pip install -r requirements.txt in .venv',
  async bringUpToDate(report) {
    const requirements = fingerprint([join(root, 'requirements.txt')]);
    const stamp = readStamp(stampPath);
    // The scripts in an environment carry its absolute path: in a checkout that was moved or
    // copied, or with an interpreter that is gone, only a new one works.
    const usable = stamp.location === root && existsSync(venvPython);
    if (usable && stamp.requirements === requirements) return false;
    report();
    if (!usable) await makeEnvironment();
    await runQuietly(
      'pip',
      venvPython,
      [
        ...['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'],
        ...['-r', 'requirements.txt'],
      ],
      { env: { ...process.env, PIP_USER: '0' }, installer: 'pip' },
    );
    writeStamp(stampPath, { location: root, requirements });
    return true;
  },
};

async function makeEnvironment() {
  const python = await findPython();
  rmSync(venv, { recursive: true, force: true });
  await runQuietly('venv', python, ['-m', 'venv', venv]);
  // JupyterLab runs CommonJS scripts from inside of the environment; without a package.json of its
  // own, Node would take them for the ES modules that ours declares.
  writeFileSync(join(venv, 'package.json'), '{ "private": true, "type": "commonjs" }\n');
}

/**
 * The first interpreter that can carry the environment: SLIPWAY_BOOTSTRAP_PYTHON when set, and
 * nothing else then; otherwise what the PATH has.
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string>}
 * @throws {PythonNotFoundError | PythonTooOldError | VenvModuleMissingError}
 */
export async function findPython(env = process.env) {
  const candidates = env.SLIPWAY_BOOTSTRAP_PYTHON ? [env.SLIPWAY_BOOTSTRAP_PYTHON] : CANDIDATES;
  const tooOld = [];
  const withoutVenv = [];
  for (const command of candidates) {
    const found = await probe(command, env);
    if (!found) continue;
    if (isOlder(found.version, OLDEST)) {
      tooOld.push({ command, version: found.version.join('.') });
    } else if (!found.canMakeVenv) {
      withoutVenv.push(command);
    } else {
      return command;
    }
  }
  if (withoutVenv[0]) throw new VenvModuleMissingError(withoutVenv[0]);
  if (tooOld.length > 0) throw new PythonTooOldError(tooOld);
  throw new PythonNotFoundError(candidates);
}

/**
 * @param {string} command
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ version: number[], canMakeVenv: boolean } | undefined>} undefined when it is
 *   not there or does not run: the next candidate may
 */
async function probe(command, env) {
  const answer = await promisify(execFile)(command, ['-c', PROBE], { env }).catch(() => undefined);
  return answer && JSON.parse(answer.stdout);
}

/**
 * @param {readonly number[]} version
 * @param {readonly number[]} other
 */
function isOlder(version, other) {
  const [major = 0, minor = 0] = version;
  const [otherMajor = 0, otherMinor = 0] = other;
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
