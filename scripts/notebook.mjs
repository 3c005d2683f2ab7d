import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { runInForeground } from './setup/command.mjs';
import { ServerStartError } from './setup/errors.mjs';
import { cli, pinnedNode, root, venv, venvPython } from './setup/paths.mjs';

const EXAMPLE = join(root, 'examples/iris.ipynb');

/** What Jupyter and the kernels that it starts run with. */
const environment = {
  ...process.env,
  PATH: [join(venv, 'bin'), process.env.PATH].join(delimiter),
  // The kernelspec of this checkout goes before one that the user installed.
  JUPYTER_PREFER_ENV_PATH: '1',
  SLIPWAY_PYTHON: venvPython,
};

/**
 * Opens JupyterLab, on the iris notebook unless `args` name another, and waits for its end.
 * @param {readonly string[]} args for JupyterLab
 */
export async function openJupyterLab(args) {
  const url = await serverUrl();
  process.stdout.write(`Server at ${url}; Ctrl-C ends JupyterLab, published services go on\n`);
  const notebook = args.some((arg) => arg.endsWith('.ipynb')) ? [] : [EXAMPLE];
  return runInForeground(join(venv, 'bin/jupyter-lab'), [...notebook, ...asRoot(), ...args], {
    env: environment,
  });
}

/**
 * Executes a notebook without a browser and prints each result as it comes; it fails when a cell does.
 * @param {readonly string[]} args the notebook, by default the iris one
 */
export async function runNotebook([notebook = EXAMPLE]) {
  const url = await serverUrl();
  return runInForeground(
    venvPython,
    [join(root, 'scripts/run_notebook.py'), notebook, '--server', url],
    { env: environment },
  );
}

/**
 * The server that the kernel will use: the configured one, else this user's embedded one, started
 * if need be.
 * @throws {ServerStartError}
 */
async function serverUrl() {
  if (process.env.SLIPWAY_URL) return process.env.SLIPWAY_URL;
  const { stdout } = await promisify(execFile)(pinnedNode, [cli, 'server', 'start'], {
    env: environment,
  }).catch((error) => {
    throw new ServerStartError(typeof error.code === 'number' ? error.code : 1, error.stderr);
  });
  return stdout.trim();
}

/** Jupyter refuses to run as root unless told that it is meant, as it is in a container. */
function asRoot() {
  return process.getuid?.() === 0 ? ['--allow-root'] : [];
}
