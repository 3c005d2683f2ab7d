import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJupyterWorld, type JupyterWorld, projectRoot } from '../support/jupyter.js';

/** What the package may hold. */
const CONTENTS =
  /^(dist\/src\/.+\.js(\.map)?|dist\/kernel\/(.+\.cjs(\.map)?|LICENSES\.txt)|python\/.+\.py|docs\/.+\.(md|png)|docs\/deploy\/(Containerfile|.+\.(service|json))|(CHANGELOG|README)\.md|LICENSE|(kernel|package)\.json)$/;

/** Cells that take sessions, snapshots and workers: all of the Python that the package carries. */
const CELLS = [
  'def double(x: float) -> float:\n    """Twice the number."""\n    return 2 * x',
  '%publish double Double V1.0',
  '%consume Double V1.0 x=21',
];

describe('the package', () => {
  let world: JupyterWorld;
  /** Where it is installed, and where Jupyter's entry is: both empty before. */
  let prefix: string;
  let jupyter: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    world = await createJupyterWorld();
    const base = dirname(world.notebooks);
    prefix = join(base, 'global');
    jupyter = join(base, 'environment');
    // As a user has it: a Node, a Python with Jupyter, and nothing that tells of this checkout.
    const path = [join(prefix, 'bin'), dirname(process.execPath), join(projectRoot, '.venv/bin')];
    env = {
      ...Object.fromEntries(
        Object.entries(world.env).filter(([name]) => !/^npm_(?!config_registry)/i.test(name)),
      ),
      PATH: [...path, process.env.PATH].join(delimiter),
      JUPYTER_PATH: join(jupyter, 'share/jupyter'),
      SLIPWAY_PYTHON: undefined,
      SLIPWAY_USER: undefined,
      SLIPWAY_PASSWORD: undefined,
    };
    await mkdir(join(base, 'packed'));
    await run('npm', ['pack', '--silent', '--pack-destination', join(base, 'packed')], projectRoot);
    const [tarball = ''] = await readdir(join(base, 'packed'));
    // Install scripts of dependencies do not run, as npm 12 has it: nothing may need them.
    const flags = ['--global', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
    await run('npm', ['install', ...flags, '--prefix', prefix, join(base, 'packed', tarball)]);
  }, 60_000);

  afterAll(async () => {
    await world?.dispose();
  }, 30_000);

  async function run(command: string, args: readonly string[], cwd = world.notebooks) {
    const options = { cwd, env, maxBuffer: 64 * 1024 * 1024 };
    return (await promisify(execFile)(command, args, options)).stdout;
  }

  const installed = () => join(prefix, 'lib/node_modules/slipway');

  async function filesOf(folder: string, below = ''): Promise<string[]> {
    const entries = await readdir(join(folder, below), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((name) => !name.startsWith('node_modules/'))
      .sort();
  }

  it('holds what runs and its documents, and nothing else', async () => {
    const files = await filesOf(installed());
    expect(files.filter((name) => !CONTENTS.test(name))).toEqual([]);
    const [src, python] = await Promise.all(
      ['src', 'python'].map((folder) => filesOf(projectRoot, folder)),
    );
    const compiled = (src ?? []).map((name) => `dist/${name.replace(/\.ts$/, '.js')}`);
    const sources = (python ?? []).filter((name) => !name.includes('__pycache__'));
    expect(files.filter((name) => /^dist\/.*\.js$/.test(name))).toEqual(compiled.sort());
    expect(files.filter((name) => name.startsWith('python/'))).toEqual(sources);
    expect(files).toContain('dist/kernel/main.cjs');
  });

  it('passes on the licences of the packages that are bundled with the kernel', async () => {
    const text = await readFile(join(installed(), 'dist/kernel/LICENSES.txt'), 'utf8');
    for (const name of ['ws', 'uuid', 'typebox'])
      expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
  });

  it('has source maps that carry their sources, and no path of the machine that built it', async () => {
    const files = await filesOf(installed(), 'dist');
    // What the bundler adds of its own comes from no source.
    for (const name of files.filter((file) => !/runtime\.cjs$|\.txt$/.test(file))) {
      const text = await readFile(join(installed(), name), 'utf8');
      expect(text.includes(projectRoot), name).toBe(false);
      if (name.endsWith('.map')) {
        const { sources, sourcesContent } = JSON.parse(text);
        expect(sourcesContent, name).toHaveLength(sources.length);
      } else {
        const [, map = ''] = /\n\/\/# sourceMappingURL=(.+)\s*$/.exec(text) ?? [];
        expect(existsSync(join(installed(), dirname(name), map)), name).toBe(true);
      }
    }
  });

  it('puts the command line on the PATH', async () => {
    const { version } = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8'));
    expect(await run('slipway', ['--version'])).toBe(`${version}\n`);
  });

  it('installs its kernel for the Python of the PATH', async () => {
    await run('slipway', ['kernel', 'install', '--prefix', jupyter]);
    const { kernelspecs } = JSON.parse(await run('jupyter', ['kernelspec', 'list', '--json']));
    const { argv, env: variables } = kernelspecs.slipway.spec;
    expect(argv[1]).toBe(join(installed(), 'dist/kernel/main.cjs'));
    expect(variables.SLIPWAY_PYTHON).toMatch(/^\/.+\/python3$/);
  });

  it('runs a notebook by nbconvert that publishes a function and calls it', async () => {
    const notebook = join(world.notebooks, 'installed.ipynb');
    await writeFile(notebook, JSON.stringify(notebookOf(CELLS)));
    await run('jupyter', ['nbconvert', '--execute', '--inplace', '--to', 'notebook', notebook]);
    const { cells } = JSON.parse(await readFile(notebook, 'utf8'));
    expect(JSON.stringify(cells[1].outputs)).toContain('/api/Double/V1.0');
    expect(JSON.stringify(cells[2].outputs)).toContain('42');
  });

  it('finds itself in order by slipway doctor', async () => {
    const { ok, checks } = JSON.parse(await run('slipway', ['doctor', '--json']));
    expect(checks.filter(({ status }: { status: string }) => status !== 'ok')).toEqual([]);
    expect(ok).toBe(true);
  });
});

function notebookOf(cells: readonly string[]) {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'slipway', display_name: 'Slipway', language: 'python' } },
    cells: cells.map((source, index) => ({
      id: `cell-${index}`,
      cell_type: 'code',
      execution_count: null,
      metadata: {},
      outputs: [],
      source,
    })),
  };
}
