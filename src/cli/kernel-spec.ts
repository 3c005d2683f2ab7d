import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/schema';
import {
  environmentVariable,
  kernelspecVariable,
  SETTING_KEYS,
  SETTINGS,
} from '../client/index.js';
import { packageRoot } from './package-root.js';

/** The name by which notebooks ask for the kernel. */
const KERNEL_NAME = 'slipway';

/** Where the server's address stands in an entry. */
const SERVER_VARIABLE = kernelspecVariable('url');

/** Variables that would put a secret where everybody on the machine can read it. */
const SECRET_VARIABLES = SETTING_KEYS.filter((key) => SETTINGS[key].isSecret).flatMap((key) => [
  environmentVariable(key),
  kernelspecVariable(key),
]);

/**
 * Where the Python of a kernel's sessions runs: an interpreter here, or a server elsewhere, which
 * the variables of the entry name.
 */
export type KernelTarget =
  | { readonly python: string }
  | { readonly variables: Readonly<Record<string, string>> };

/** The part of an entry that matters here. https://jupyter-client.readthedocs.io/en/stable/kernels.html */
const Entry = Type.Object({
  argv: Type.Array(Type.String(), { minItems: 2 }),
  env: Type.Optional(Type.Record(Type.String(), Type.String())),
});

/** A kernel that Jupyter knows. */
export interface InstalledKernel {
  /** Folder of its entry. */
  readonly directory: string;
  /** Address of the server that its notebooks use, absent for the user's own. */
  readonly server?: string;
  /** Interpreter of its sessions, where they run here. */
  readonly python?: string;
  /** What Jupyter sets for the kernel. */
  readonly env: Readonly<Record<string, string>>;
  /** What it names and is not there, in a sentence each; empty when it works. */
  readonly problems: readonly string[];
}

/** The folder of the kernel's entry below one of Jupyter's data directories. */
export function kernelDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'kernels', KERNEL_NAME);
}

/** The kernel's entry: the template at the package root, filled in. */
export async function kernelEntry(target: KernelTarget): Promise<object> {
  const root = packageRoot();
  const template: unknown = JSON.parse(await readFile(join(root, 'kernel.json'), 'utf8'));
  const python = 'python' in target ? target.python : '';
  const entry = fillIn(template, {
    '{node}': process.execPath,
    '{package}': root,
    '{python}': python,
  }) as object;
  return 'variables' in target ? { ...entry, env: target.variables } : entry;
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

/** The kernels of these data directories, in their order. */
export async function findKernels(dataDirectories: readonly string[]): Promise<InstalledKernel[]> {
  const found = await Promise.all(dataDirectories.map((path) => readKernel(kernelDirectory(path))));
  return found.filter((kernel) => kernel !== undefined);
}

async function readKernel(directory: string): Promise<InstalledKernel | undefined> {
  const path = join(directory, 'kernel.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return { directory, env: {}, problems: [`The entry cannot be read: ${message}.`] };
  }
  const entry = parseEntry(text);
  if (entry === undefined) {
    return { directory, env: {}, problems: [`${path} is not an entry of a kernel.`] };
  }
  const { argv, env = {} } = entry;
  const { SLIPWAY_PYTHON: python, [SERVER_VARIABLE]: server } = env;
  const named = [argv[0], argv[1], ...(server === undefined ? [python] : [])];
  const problems = named
    .filter((file) => file !== undefined && !existsSync(file))
    .map((file) => `${file} is not there any more.`);
  for (const name of SECRET_VARIABLES.filter((each) => env[each])) {
    problems.push(`${path} holds ${name}, which others can read. Take it out and change it.`);
  }
  return {
    directory,
    env,
    problems,
    ...(server === undefined ? {} : { server }),
    ...(python === undefined ? {} : { python }),
  };
}

function parseEntry(text: string): Static<typeof Entry> | undefined {
  try {
    const entry: unknown = JSON.parse(text);
    return Compile(Entry).Check(entry) ? (entry as Static<typeof Entry>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
