import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { CommandError } from './errors.js';
import { packageRoot } from './package-root.js';
import { pythonInterpreter } from './settings.js';

/** Where the kernel goes, and the interpreter of its sessions. */
export interface KernelOptions {
  readonly user?: boolean;
  readonly sysPrefix?: boolean;
  readonly prefix?: string;
  readonly python?: string;
}

const KERNEL_NAME = 'slipway';

/** Writes the kernel's entry, by the template at the package root. */
export async function installKernel(options: KernelOptions): Promise<void> {
  const root = packageRoot();
  const template: unknown = JSON.parse(await readFile(join(root, 'kernel.json'), 'utf8'));
  const spec = fillIn(template, {
    '{node}': process.execPath,
    '{package}': root,
    '{python}': pythonInterpreter(options.python),
  });
  const directory = await kernelDirectory(options);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'kernel.json'), `${JSON.stringify(spec, null, 2)}\n`);
  process.stdout.write(`Installed the kernel in ${directory}.\n`);
}

/** Removes the kernel's entry. */
export async function removeKernel(options: KernelOptions): Promise<void> {
  const directory = await kernelDirectory(options);
  await rm(directory, { recursive: true, force: true });
  process.stdout.write(`Removed the kernel from ${directory}.\n`);
}

/** Replaces the placeholders in all strings of the template; others stay for Jupyter. */
export function fillIn(template: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof template === 'string') {
    return template.replace(/\{\w+\}/g, (placeholder) => values[placeholder] ?? placeholder);
  }
  if (Array.isArray(template)) {
    return template.map((item) => fillIn(item, values));
  }
  if (typeof template === 'object' && template !== null) {
    return Object.fromEntries(
      Object.entries(template).map(([key, value]) => [key, fillIn(value, values)]),
    );
  }
  return template;
}

/** https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs */
async function kernelDirectory(options: KernelOptions): Promise<string> {
  const chosen = [options.user, options.sysPrefix, options.prefix].filter(Boolean);
  if (chosen.length > 1) {
    throw new CommandError('Give only one of --user, --sys-prefix and --prefix.');
  }
  return join(await jupyterData(options), 'kernels', KERNEL_NAME);
}

async function jupyterData(options: KernelOptions): Promise<string> {
  if (options.prefix !== undefined) {
    return join(resolve(options.prefix), 'share', 'jupyter');
  }
  if (options.sysPrefix) {
    return join(await sysPrefix(pythonInterpreter(options.python)), 'share', 'jupyter');
  }
  const { JUPYTER_DATA_DIR, XDG_DATA_HOME } = process.env;
  if (JUPYTER_DATA_DIR) {
    return JUPYTER_DATA_DIR;
  }
  return process.platform === 'darwin'
    ? join(homedir(), 'Library', 'Jupyter')
    : join(XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'jupyter');
}

/** The environment that an interpreter belongs to. */
async function sysPrefix(python: string): Promise<string> {
  const { stdout } = await promisify(execFile)(python, [
    '-I',
    '-c',
    'import sys; print(sys.prefix)',
  ]);
  return stdout.trim();
}
