import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  kernelspecPlace,
  kernelspecVariable,
  normaliseServerUrl,
  type SettingKey,
} from '../client/index.js';
import { CommandError, InterpreterError } from './errors.js';
import { chosenInterpreter, interpreterPath, sessionInterpreter } from './interpreter.js';
import { askInterpreter, installCommand } from './interpreter-probe.js';
import { dataDirectories, prefixDataDirectory, userDataDirectory } from './jupyter-paths.js';
import {
  findKernels,
  type InstalledKernel,
  type KernelTarget,
  kernelDirectory,
  kernelEntry,
} from './kernel-spec.js';

/** Where an entry goes: one place of these, the user's by default. */
export interface PlaceOptions {
  readonly user?: boolean;
  readonly sysPrefix?: boolean;
  readonly prefix?: string;
  /** The interpreter whose environment `--sys-prefix` means. */
  readonly python?: string;
}

/** Options of `slipway kernel install`; `python` is the interpreter of the sessions, too. */
export interface InstallOptions extends PlaceOptions {
  readonly server?: string;
  readonly username?: string;
  readonly auth?: string;
  readonly caFile?: string;
  readonly credentialCommand?: string;
}

/** Options of `slipway kernel list`. */
export interface ListOptions {
  readonly prefix?: string;
  readonly json?: boolean;
}

/** Writes the kernel's entry, in place of an earlier one. */
export async function installKernel(options: InstallOptions): Promise<void> {
  const directory = await chosenDirectory(options);
  const entry = await kernelEntry(await kernelTarget(options));
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'kernel.json'), `${JSON.stringify(entry, null, 2)}\n`);
  process.stdout.write(`Installed the kernel in ${directory}.\n`);
}

/** Removes the kernel's entry. */
export async function removeKernel(options: PlaceOptions): Promise<void> {
  const directory = await chosenDirectory(options);
  try {
    await rm(directory, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    process.stdout.write(`There is no kernel in ${directory}.\n`);
    return;
  }
  process.stdout.write(`Removed the kernel from ${directory}.\n`);
}

/** Prints the entries that Jupyter finds, the one that it takes first. */
export async function listKernels({ prefix, json }: ListOptions): Promise<void> {
  const kernels = await installedKernels(process.env, prefix);
  if (json) {
    const rows = kernels.map(({ env: _, ...row }) => row);
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  } else if (kernels.length === 0) {
    process.stdout.write(
      'Jupyter has no Slipway kernel. Add it with "slipway kernel install"; with --prefix this command looks there, too.\n',
    );
  } else {
    process.stdout.write(kernels.map(describeKernel).join(''));
  }
}

/**
 * The kernels in all places where Jupyter looks.
 * @param prefix an environment to look into as well
 */
export async function installedKernels(
  env: NodeJS.ProcessEnv,
  prefix?: string,
): Promise<InstalledKernel[]> {
  const prefixes = [...(prefix === undefined ? [] : [prefix]), ...(await ownPrefixes(env))];
  return findKernels(dataDirectories(env, prefixes));
}

function describeKernel({ directory, server, python, problems }: InstalledKernel): string {
  const rows = [
    server === undefined
      ? ['sessions', `here, by ${python ?? 'an unknown interpreter'}`]
      : ['server', server],
    ...problems.map((problem) => ['problem', `${problem} Run "slipway kernel install" again.`]),
  ];
  return `${directory}\n${rows.map(([name = '', text]) => `  ${name.padEnd(9)} ${text}\n`).join('')}`;
}

async function kernelTarget(options: InstallOptions): Promise<KernelTarget> {
  const { server, python, username, auth, caFile, credentialCommand } = options;
  const settings = {
    user: username,
    auth,
    caFile: caFile === undefined ? undefined : resolve(caFile),
    credentialCommand,
  };
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  if (server !== undefined) {
    const variables = Object.fromEntries([
      [kernelspecVariable('url'), normaliseServerUrl(server)],
      ...given.map(([key, value]) => [kernelspecVariable(key as SettingKey), value]),
    ]) as Record<string, string>;
    kernelspecPlace(variables);
    return { variables };
  }
  if (given.length > 0) {
    throw new CommandError('Give --server, too: a login is for a server elsewhere.');
  }
  const { path, packages } = await sessionInterpreter(python);
  if (packages.cloudpickle === null) {
    process.stderr.write(
      `slipway: ${path} has no cloudpickle, which snapshots and services need. Install it: ${installCommand(path)}\n`,
    );
  }
  return { python: path };
}

async function chosenDirectory(options: PlaceOptions): Promise<string> {
  const chosen = [options.user, options.sysPrefix, options.prefix].filter(Boolean);
  if (chosen.length > 1) {
    throw new CommandError('Give only one of --user, --sys-prefix and --prefix.');
  }
  if (options.prefix !== undefined) {
    return kernelDirectory(prefixDataDirectory(options.prefix));
  }
  if (options.sysPrefix) {
    const { prefix } = await askInterpreter(await interpreterPath(options.python));
    return kernelDirectory(prefixDataDirectory(prefix));
  }
  return kernelDirectory(userDataDirectory(process.env));
}

/** The environment of the chosen interpreter, if there is one that works. */
async function ownPrefixes(env: NodeJS.ProcessEnv): Promise<string[]> {
  const chosen = chosenInterpreter(undefined, env);
  if (chosen === undefined) return [];
  try {
    return [(await askInterpreter(chosen)).prefix];
  } catch (error) {
    // Where Jupyter looks is asked, not whether sessions would start.
    if (error instanceof InterpreterError) return [];
    throw error;
  }
}
