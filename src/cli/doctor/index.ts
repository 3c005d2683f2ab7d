import { installedKernels } from '../kernel-commands.js';
import { type Check, passed } from './check.js';
import { checkKernelspec, checkPython } from './machine.js';
import { checkServer } from './server.js';
import { checkSettings } from './settings.js';

/** Options of `slipway doctor`. */
export interface DoctorOptions {
  readonly data?: string;
  readonly json?: boolean;
}

/** Checks all that a notebook needs and prints what it finds; exit code 1 when a check fails. */
export async function runDoctor({ data, json }: DoctorOptions): Promise<void> {
  const env = data === undefined ? process.env : { ...process.env, SLIPWAY_HOME: data };
  const checks: Check[] = [];
  for await (const check of examine(env)) {
    checks.push(check);
    if (!json) process.stdout.write(describeCheck(check));
  }
  const failures = checks.filter(({ status }) => status === 'failed').length;
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: failures === 0, checks }, null, 2)}\n`);
  } else {
    process.stdout.write(failures === 0 ? '\nAll is well.\n' : `\n${failures} failed.\n`);
  }
  if (failures > 0) process.exitCode = 1;
}

/** The checks in the order in which a notebook meets what they check, as they are done. */
async function* examine(env: NodeJS.ProcessEnv): AsyncGenerator<Check> {
  // That Node is new enough was seen to before this was loaded.
  yield passed('Node', `${process.versions.node}, ${process.execPath}`);
  const [kernel] = await installedKernels(env);
  yield checkKernelspec(kernel);
  // As Jupyter does it: what an entry sets goes before the user's own.
  const kernelEnv = { ...env, ...kernel?.env };
  const settings = await checkSettings(kernelEnv);
  yield settings.check;
  const { remote } = settings;
  const python = await checkPython(kernelEnv, remote);
  yield* python;
  const startable = python.every(({ name, status }) => name === 'cloudpickle' || status === 'ok');
  yield* checkServer({ env: kernelEnv, startable, settings });
}

const MARKS = { ok: 'ok', failed: 'FAILED', skipped: '-' } as const;

function describeCheck({ name, status, detail, fix }: Check): string {
  const indent = ' '.repeat(20);
  const text = detail.replaceAll('\n', `\n${indent}`);
  const advice = fix === undefined ? '' : `${indent}${fix}\n`;
  return `${MARKS[status].padEnd(7)} ${name.padEnd(11)} ${text}\n${advice}`;
}
