import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './command.mjs';
import { cli, pinnedNode, root, venv, venvPython } from './paths.mjs';
import { fingerprint, readStamp, writeStamp } from './stamp.mjs';

const installed = join(venv, 'share/jupyter/kernels/slipway/kernel.json');
const launcher = join(venv, 'bin/slipway');
const stampPath = join(venv, '.slipway-kernelspec.json');

/**
 * Makes Jupyter in the private environment know the kernel, and puts the command line beside it.
 * @type {import('./step.mjs').Step}
 */
export const kernelspec = {
  title: 'Kernel',
  doing: 'slipway kernel install --prefix .venv',
  async bringUpToDate(report) {
    const sources = ['kernel.json', 'src/cli/kernel-spec.ts'].map((name) => join(root, name));
    const wanted = fingerprint(sources, [root, pinnedNode]);
    const present = existsSync(installed) && existsSync(launcher);
    if (present && readStamp(stampPath).fingerprint === wanted) return false;
    report();
    await runQuietly('kernelspec', pinnedNode, [
      ...[cli, 'kernel', 'install', '--prefix', venv, '--python', venvPython],
    ]);
    writeFileSync(launcher, launcherScript(), { mode: 0o755 });
    writeStamp(stampPath, { fingerprint: wanted });
    return true;
  },
};

/** `.venv/bin/slipway`: the command line on the pinned Node. */
function launcherScript() {
  return `#!/bin/sh\nexec ${quoted(pinnedNode)} ${quoted(cli)} "$@"\n`;
}

/** @param {string} path */
function quoted(path) {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
