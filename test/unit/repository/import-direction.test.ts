import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** From each part, the parts that it may import (design: down the list, never sideways). */
const MAY_IMPORT = {
  kernel: ['session', 'client', 'jupyter', 'api'],
  session: ['client', 'jupyter', 'api'],
  client: ['api'],
  server: ['compute', 'jupyter', 'api'],
  compute: ['jupyter', 'api'],
  jupyter: [],
  api: [],
  cli: ['server', 'client', 'compute', 'api'],
} as const satisfies Record<string, readonly string[]>;

type Part = keyof typeof MAY_IMPORT;
const PARTS = Object.keys(MAY_IMPORT) as Part[];

const folderOf = (part: Part) => (part === 'kernel' ? 'kernel' : `src/${part}`);
const fromDeepInside = (part: Part) => (part === 'kernel' ? '../../' : '../../../');

/** A source file two folders deep in `from` that imports `file` of `to`. */
function importing(from: Part, to: Part, file: string) {
  return {
    path: `${folderOf(from)}/deep/${to}-${file}.ts`,
    source: `import { x } from '${fromDeepInside(from)}${folderOf(to)}/${file}.js';\nexport const y = x;\n`,
  };
}

describe('the direction of imports', () => {
  let project: string;
  let refused: Set<string>;

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'slipway-imports-'));
    await cp(join(root, 'biome.json'), join(project, 'biome.json'));
    for (const from of PARTS) {
      for (const to of PARTS.filter((part) => part !== from)) {
        for (const file of ['index', 'inner/detail']) {
          const { path, source } = importing(from, to, file);
          await mkdir(dirname(join(project, path)), { recursive: true });
          await writeFile(join(project, path), source);
        }
      }
    }
    refused = await filesRefusedBy(project);
  });

  afterAll(() => rm(project, { recursive: true, force: true }));

  for (const from of PARTS) {
    for (const to of PARTS.filter((part) => part !== from)) {
      const allowed = (MAY_IMPORT[from] as readonly string[]).includes(to);
      it(`${allowed ? 'lets' : 'forbids'} ${folderOf(from)} import ${folderOf(to)}`, () => {
        expect(refused.has(importing(from, to, 'index').path)).toBe(!allowed);
      });

      it(`forbids ${folderOf(from)} to reach past the face of ${folderOf(to)}`, () => {
        expect(refused).toContain(importing(from, to, 'inner/detail').path);
      });
    }
  }
});

/** The files under `project` in which biome reports a restricted import. */
async function filesRefusedBy(project: string): Promise<Set<string>> {
  const report = await promisify(execFile)(
    join(root, 'node_modules/.bin/biome'),
    [
      'lint',
      '--vcs-enabled=false',
      '--only=style/noRestrictedImports',
      '--max-diagnostics=none',
      '--reporter=json',
    ],
    { cwd: project },
  ).then(
    () => '{"diagnostics":[]}',
    (error: { stdout: string }) => error.stdout,
  );
  const { diagnostics } = JSON.parse(report) as {
    diagnostics: { category: string; location: { path: string } }[];
  };
  return new Set(
    diagnostics
      .filter(({ category }) => category === 'lint/style/noRestrictedImports')
      .map(({ location }) => location.path),
  );
}
