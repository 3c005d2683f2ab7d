import { build } from './build.mjs';
import { runInForeground } from './command.mjs';
import { SetupError } from './errors.mjs';
import { kernelspec } from './kernelspec.mjs';
import { modules } from './modules.mjs';
import { requireNode } from './node-version.mjs';
import { pinnedNode } from './paths.mjs';
import { pythonEnvironment } from './python.mjs';
import { duration, runStep } from './step.mjs';

const STEPS = [modules, pythonEnvironment, build, kernelspec];

/** Set in the process that continues on the pinned Node, where set-up is known to be done. */
const DONE = 'SLIPWAY_SETUP_DONE';

/**
 * Brings the checkout up to date, then does `command` on the pinned Node; the process ends with the
 * exit code that it returns. Errors of set-up are told as message and fix, without a stack.
 * @param {() => Promise<number>} command
 */
export async function afterSetup(command) {
  await tellFailures(async () => {
    process.exitCode = await setUpAnd(command);
  });
}

/** Brings the build up to date, and the modules that it takes, but no Python. */
export async function buildAlone() {
  await tellFailures(async () => {
    requireNode(process.versions.node);
    for (const step of [modules, build]) await runStep(step);
  });
}

/** @param {() => Promise<void>} work */
async function tellFailures(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\n\n${error.message}\n\n${error.fix}\n`);
    process.exitCode = error.exitCode;
  }
}

/** @param {() => Promise<number>} command */
async function setUpAnd(command) {
  if (process.env[DONE] !== undefined) {
    // Programs started from here on set up for themselves.
    delete process.env[DONE];
    return command();
  }
  requireNode(process.versions.node);
  const started = performance.now();
  process.stdout.write('Setting up\n');
  for (const step of STEPS) await runStep(step);
  process.stdout.write(`  ${'Ready'.padEnd(58)}${duration(performance.now() - started)}\n`);
  if (process.execPath === pinnedNode) return command();
  return runInForeground(pinnedNode, process.argv.slice(1), {
    env: { ...process.env, [DONE]: '1' },
  });
}
