import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../src/cli/configuration/index.js';
import { buildProgram } from '../../../src/cli/program.js';
import { KERNEL_VARIABLES } from '../../../src/client/index.js';
import {
  CONFIG_DEFAULTS,
  SETTINGS,
  settingsOf,
  variableOf,
} from '../../../src/server/settings/index.js';
import { findSystemdAnalyze } from '../../support/requirements.js';

const folder = resolve(import.meta.dirname, '../../../docs/deploy');
const pages = ['deploy/README.md', 'deploy/Containerfile', 'deploy/slipway.service'];
const texts = await Promise.all(
  [...pages, 'server-administration.md'].map(async (name) => ({
    name,
    text: await readFile(join(folder, '..', name), 'utf8'),
  })),
);

/** The command that words name, and what stands after it. */
function findCommand(words: readonly string[]): { command: Command; rest: readonly string[] } {
  let command = buildProgram();
  let used = 0;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) break;
    command = next;
    used += 1;
  }
  return { command, rest: words.slice(used) };
}

describe.each(texts)('$name', ({ text }) => {
  it('calls commands that there are, with options that they have', () => {
    const lines = text
      .replaceAll('\\\n', ' ')
      .matchAll(/\bslipway ((?:server|user|token|doctor)\b[^\n`|<>&"]*)/g);
    for (const [line, words = ''] of lines) {
      const { command, rest } = findCommand(words.trim().split(/\s+/));
      expect(command.parent?.parent === null && command.commands.length > 0, line).toBe(false);
      const known = command.options.flatMap(({ long, short }) => [long, short]);
      for (const option of rest.filter((word) => /^--?[a-z]/.test(word))) {
        expect(known, line).toContain(option.replace(/[\].,;:=].*$/, ''));
      }
    }
  });

  it('names variables that there are', () => {
    const settings = settingsOf(SETTINGS, CONFIG_DEFAULTS);
    const known = new Set([
      'SLIPWAY_SERVER_CONFIG',
      ...KERNEL_VARIABLES,
      ...settings.map(variableOf),
      ...settings
        .filter(({ setting }) => setting.details.isSecret)
        .map((named) => `${variableOf(named)}_FILE`),
    ]);
    const named = [...text.matchAll(/\bSLIPWAY_[A-Z_]+\b/g)].map(([name]) => name);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('docs/deploy', () => {
  it('has a configuration file that is accepted', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-deploy-'));
    try {
      const content = await readFile(join(folder, 'server-config.json'), 'utf8');
      await writeFile(join(directory, 'server-config.json'), content, { mode: 0o600 });
      const { config } = await resolveSettings({ data: directory }, {});
      expect(config).toMatchObject({ host: '0.0.0.0', embedded: false });
      expect(config.https?.keyFile).toMatch(/^\/etc\/slipway\//);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('has a page that leads to each of its files', async () => {
    const page = await readFile(join(folder, 'README.md'), 'utf8');
    for (const name of await readdir(folder)) {
      if (name !== 'README.md') expect(page).toContain(`](${name})`);
    }
  });

  it('has an image that runs as another user than root, from what npm pack writes', async () => {
    const text = await readFile(join(folder, 'Containerfile'), 'utf8');
    const instructions = text
      .replaceAll('\\\n', ' ')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(/\s+/)[0]);
    const known =
      'FROM RUN COPY USER WORKDIR VOLUME ENV EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD';
    expect(instructions.filter((each) => !known.split(' ').includes(each ?? ''))).toEqual([]);
    expect(instructions[0]).toBe('FROM');
    expect(instructions.indexOf('USER')).toBeGreaterThan(instructions.lastIndexOf('RUN'));
    expect(text).toMatch(/^USER slipway$/m);
    const { command } = findCommand(['server', 'run']);
    expect(command.name()).toBe('run');
    expect(text).toContain('CMD ["server", "run"]');
  });
});

const systemdAnalyze = findSystemdAnalyze();

describe.runIf(systemdAnalyze)('docs/deploy/slipway.service', () => {
  it('is a unit that systemd takes without a complaint', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-unit-'));
    try {
      const unit = await readFile(join(folder, 'slipway.service'), 'utf8');
      // The program is looked for, and is not installed here.
      const path = join(directory, 'slipway.service');
      await writeFile(path, unit.replace('/usr/local/bin/slipway', process.execPath));
      const run = promisify(execFile)(systemdAnalyze ?? '', ['verify', '--man=no', path]);
      await expect(run).resolves.toEqual({ stdout: '', stderr: '' });
      expect(unit).toContain('\nKillMode=process\n');
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
