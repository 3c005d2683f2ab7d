/**
 * `npm run bench`: what Slipway costs beside what its users have today, as ratios in one run.
 * Absolute times depend on the machine and on what else it does; ratios much less. Arguments name
 * sections: `npm run bench -- start memory`; `kernel` stands for all of the kernel's.
 */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { batchFigures } from './batch.js';
import { consumeFigures } from './consume.js';
import { crowdFigures } from './crowd/index.js';
import { KERNEL_SECTIONS } from './kernel/index.js';
import type { KernelCommand } from './kernel-process.js';
import { type Figure, met, table } from './report.js';
import { startServer } from './server.js';

const root = resolve(import.meta.dirname, '../..');
const python = process.env.SLIPWAY_PYTHON ?? join(root, '.venv/bin/python');
const home = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
const server = await startServer(root, home, python);
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

try {
  const subjects = { ours: await installedKernel(), ipykernel: ipykernel() };
  const sections: Readonly<Record<string, () => Promise<Figure[]>>> = {
    ...Object.fromEntries(
      Object.entries(KERNEL_SECTIONS).map(([name, measure]) => [name, () => measure(subjects)]),
    ),
    consume: () => consumeFigures({ root, python, server: server.runtime }),
    batch: () => batchFigures(server.runtime),
    crowd: () => crowdFigures({ root, python }),
  };
  const figures: Figure[] = [];
  for (const name of wanted(Object.keys(sections))) {
    process.stderr.write(`Measuring: ${name}\n`);
    figures.push(...((await sections[name]?.()) ?? []));
  }
  console.log(table(figures));
  process.exitCode = figures.every(met) ? 0 : 1;
} finally {
  server.process.kill('SIGINT');
  if (server.process.exitCode === null) await once(server.process, 'exit');
}

/** The sections that the arguments name; all without any. */
function wanted(known: readonly string[]): readonly string[] {
  const named = process.argv
    .slice(2)
    .flatMap((name) => (name === 'kernel' ? Object.keys(KERNEL_SECTIONS) : [name]));
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`No section is called ${unknown}. There are: kernel, ${known.join(', ')}.`);
  }
  return named.length === 0 ? known : named;
}

/** Our kernel by the command line with which Jupyter starts it. */
async function installedKernel(): Promise<KernelCommand> {
  const path = join(root, '.venv/share/jupyter/kernels/slipway/kernel.json');
  const { argv, env } = JSON.parse(await readFile(path, 'utf8')) as KernelCommand;
  return { argv, env: { ...env, SLIPWAY_HOME: home, SLIPWAY_PYTHON: python } };
}

function ipykernel(): KernelCommand {
  return { argv: [python, '-m', 'ipykernel_launcher', '-f', '{connection_file}'], env: {} };
}
