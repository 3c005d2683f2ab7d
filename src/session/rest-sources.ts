import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Python to send to a session: what runs first, and modules by name. */
export interface PythonSources {
  readonly bootstrap: string;
  readonly modules: Readonly<Record<string, string>>;
}

/** Parts of `slipway_session` that describe a function; they use nothing else of it. */
const PUBLISHING = ['errors.py', 'functions', 'values'];

let helper: Promise<PythonSources> | undefined;
let publishing: Promise<Readonly<Record<string, string>>> | undefined;

/** The package that cells of a plain session run in. Read once. */
export function helperSources(): Promise<PythonSources> {
  helper ??= readHelper();
  return helper;
}

/** The modules by which a session reads the inputs and outputs of a function. Read once. */
export function publishingSources(): Promise<Readonly<Record<string, string>>> {
  publishing ??= readPublishing();
  return publishing;
}

async function readHelper(): Promise<PythonSources> {
  const folder = join(pythonFolder(), 'slipway_rest');
  const { 'slipway_rest.bootstrap': bootstrap = '', ...modules } = await readPackage(
    folder,
    'slipway_rest',
  );
  return { bootstrap, modules };
}

async function readPublishing(): Promise<Record<string, string>> {
  const folder = join(pythonFolder(), 'slipway_session');
  const parts = await Promise.all(
    PUBLISHING.map(async (name): Promise<Record<string, string>> => {
      if (!name.endsWith('.py')) return readPackage(join(folder, name), `slipway_publish.${name}`);
      const source = await readFile(join(folder, name), 'utf8');
      return { [`slipway_publish.${name.slice(0, -3)}`]: source };
    }),
  );
  return Object.assign({ slipway_publish: '' }, ...parts) as Record<string, string>;
}

async function readPackage(folder: string, name: string): Promise<Record<string, string>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.py'));
  const sources = await Promise.all(
    files.map(async (file) => {
      const module = file === '__init__.py' ? name : `${name}.${file.slice(0, -3)}`;
      return [module, await readFile(join(folder, file), 'utf8')] as const;
    }),
  );
  return Object.fromEntries(sources);
}

/** The package's `python`, which lies above this file in the sources and in the build. */
function pythonFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'python', 'slipway_rest'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('The package of the kernel has no python/slipway_rest.');
    folder = parent;
  }
  return join(folder, 'python');
}
