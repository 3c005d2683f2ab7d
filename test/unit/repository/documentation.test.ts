import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MAGICS } from '../../../kernel/magics/table.js';
import { resolveSettings, settingsTable } from '../../../src/cli/configuration/index.js';
import { readConfigFile } from '../../../src/client/configuration/config-file.js';
import { environmentVariable, kernelspecVariable, SETTINGS } from '../../../src/client/index.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const magicsPage = await readFile(join(root, 'docs/magics.md'), 'utf8');

/** The part of the page under the headings that name a magic, `%%` included. */
function sectionsOf(name: string): string {
  return magicsPage
    .split(/^## /m)
    .filter((section) => new RegExp(`^\`%%?${name}\\b`).test(section))
    .join('\n');
}

describe('docs/magics.md', () => {
  for (const { name, forms, options = {} } of MAGICS) {
    it(`has %${name} with its forms and options`, () => {
      const text = sectionsOf(name);
      expect(text).not.toBe('');
      for (const { action } of forms) if (action !== undefined) expect(text).toContain(action);
      for (const [option, { short }] of Object.entries(options)) {
        expect(text).toContain(short === undefined ? `--${option}` : `-${short}`);
      }
    });
  }

  it('names no magic that there is not', () => {
    const headings = [...magicsPage.matchAll(/^## `%%?(\w+)/gm)].map(([, name]) => name);
    expect(new Set(headings)).toEqual(new Set(MAGICS.map(({ name }) => name)));
  });
});

describe('docs/configuration.md', () => {
  it('has a row for each setting, in their order, with its name at each place and its default', async () => {
    const page = await readFile(join(root, 'docs/configuration.md'), 'utf8');
    const [, table = ''] = /^\| setting .*\n\|[-|]+\n((?:\|.*\n)+)/m.exec(page) ?? [];
    const rows = table
      .trim()
      .split('\n')
      .map((row) =>
        row
          .split('|')
          .slice(2, -1)
          .map((cell) => cell.trim().replaceAll('`', '')),
      );
    expect(rows).toEqual(
      Object.values(SETTINGS).map(({ key, magic = '', isSecret, ...setting }) => [
        magic,
        environmentVariable(key),
        isSecret ? 'never' : kernelspecVariable(key),
        key,
        setting.default,
      ]),
    );
  });

  it('has configuration files as examples that are accepted', async () => {
    const examples = await examplesOf('docs/configuration.md');
    expect(examples.length).toBeGreaterThan(1);
    for (const example of examples) {
      await withFile('config.json', example, async (path) => {
        const { servers } = await readConfigFile({ SLIPWAY_CONFIG: path });
        expect(servers.size).toBeGreaterThan(0);
      });
    }
  });
});

/** The JSON objects that a page shows. */
async function examplesOf(page: string): Promise<string[]> {
  const text = await readFile(join(root, page), 'utf8');
  return [...text.matchAll(/^```json\n(\{[^`]*\})\n```/gm)].map(([, example = '']) => example);
}

/** Writes a file that only its owner can read into a folder of its own, as long as it is used. */
async function withFile(
  name: string,
  text: string,
  use: (path: string, directory: string) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-documentation-'));
  try {
    await writeFile(join(directory, name), text, { mode: 0o600 });
    await use(join(directory, name), directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('docs/server-administration.md', () => {
  it('has the table of all settings that the code has', async () => {
    const path = join(root, 'docs/server-administration.md');
    const page = await readFile(path, 'utf8');
    const table = /^\| setting \| meaning .*\n(?:\|.*\n)+/m;
    if (process.env.SLIPWAY_WRITE_DOCS) {
      await writeFile(path, page.replace(table, settingsTable));
    } else {
      expect(table.exec(page)?.[0], 'SLIPWAY_WRITE_DOCS=1 renews it').toBe(settingsTable());
    }
  });

  it('has configuration files as examples that are accepted', async () => {
    const examples = await examplesOf('docs/server-administration.md');
    expect(examples.length).toBeGreaterThan(1);
    for (const example of examples) {
      await withFile('server-config.json', example, async (config, directory) => {
        const env = { LDAP_PASSWORD: 'Secret-1' };
        const settings = await resolveSettings({ data: directory }, env);
        expect(settings.file).toBe(config);
        const said = settings.origins.filter(({ source }) => source === 'config file');
        expect(said.length).toBeGreaterThan(2);
      });
    }
  });
});

describe('links between the documents', () => {
  it('lead somewhere', async () => {
    const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];
    for (const page of await readdir(join(root, 'docs'), { recursive: true })) {
      if (page.endsWith('.md')) pages.push(join('docs', page));
    }
    for (const page of pages) {
      const text = await readFile(join(root, page), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
        expect(existsSync(join(root, dirname(page), target)), `${page}: ${target}`).toBe(true);
      }
    }
  });
});

describe('the example notebooks', () => {
  for (const name of ['iris.ipynb', 'iris-short.ipynb']) {
    it(`${name} is committed without outputs, for the slipway kernel`, async () => {
      const notebook = JSON.parse(await readFile(join(root, 'examples', name), 'utf8')) as {
        cells: { cell_type: string; outputs?: unknown[]; execution_count?: number | null }[];
        metadata: { kernelspec: { name: string; language: string } };
      };
      expect(notebook.metadata.kernelspec).toMatchObject({ name: 'slipway', language: 'python' });
      for (const cell of notebook.cells.filter(({ cell_type }) => cell_type === 'code')) {
        expect(cell.outputs).toEqual([]);
        expect(cell.execution_count).toBeNull();
      }
    });
  }
});
