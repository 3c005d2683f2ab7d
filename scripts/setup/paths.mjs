import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');

/** The private Python environment: JupyterLab, the sessions' interpreter, the test tools. */
export const venv = join(root, '.venv');
export const venvPython = join(venv, 'bin/python');

/** The Node that package.json pins; everything after set-up runs on it. */
export const pinnedNode = join(root, 'node_modules/node/bin/node');

/** The built command line. */
export const cli = join(root, 'dist/src/cli/main.js');

/** What the commands of set-up said, kept for when one of them fails. */
export const logs = join(root, '.setup');
