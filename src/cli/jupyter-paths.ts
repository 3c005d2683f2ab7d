import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { isProgram } from './interpreter-probe.js';

/**
 * Where Jupyter keeps this user's data.
 * https://docs.jupyter.org/en/latest/use/jupyter-directories.html#data-files
 */
export function userDataDirectory(env: NodeJS.ProcessEnv): string {
  if (env.JUPYTER_DATA_DIR) {
    return resolve(env.JUPYTER_DATA_DIR);
  }
  return process.platform === 'darwin'
    ? join(homedir(), 'Library', 'Jupyter')
    : join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'jupyter');
}

/** Where Jupyter keeps the data of an environment. */
export function prefixDataDirectory(prefix: string): string {
  return join(resolve(prefix), 'share', 'jupyter');
}

/**
 * The folders in which Jupyter looks, the first first: those of JUPYTER_PATH, the user's, those of
 * environments, the system's.
 *
 * Which environment Jupyter is started from cannot be known here: the given ones are taken, and
 * each whose `jupyter` is on the PATH.
 */
export function dataDirectories(env: NodeJS.ProcessEnv, prefixes: readonly string[]): string[] {
  const onPath = split(env.PATH)
    .filter((folder) => isProgram(join(folder, 'jupyter')))
    .map((folder) => dirname(resolve(folder)));
  const ofEnvironments = [...prefixes, ...onPath].map(prefixDataDirectory);
  const user = userDataDirectory(env);
  const own = prefersEnvironment(env) ? [...ofEnvironments, user] : [user, ...ofEnvironments];
  const system = ['/usr/local/share/jupyter', '/usr/share/jupyter'];
  return [...new Set([...split(env.JUPYTER_PATH).map((path) => resolve(path)), ...own, ...system])];
}

/** Jupyter's own reading of a switch in the environment. */
function prefersEnvironment({ JUPYTER_PREFER_ENV_PATH: value }: NodeJS.ProcessEnv): boolean {
  return (
    value !== undefined && !['no', 'n', 'false', 'off', '0', '0.0'].includes(value.toLowerCase())
  );
}

function split(list: string | undefined): string[] {
  return (list ?? '').split(delimiter).filter((part) => part !== '');
}
