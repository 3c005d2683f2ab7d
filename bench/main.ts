/**
 * `npm run bench`: what Slipway costs beside what its users have today, as ratios in one run.
 * Absolute times depend on the machine and on what else it does; ratios much less.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { consumeFigures } from './consume.js';
import { kernelFigures } from './kernel.js';
import { met, table } from './report.js';
import { startServer } from './server.js';

const root = resolve(import.meta.dirname, '../..');
const python = process.env.SLIPWAY_PYTHON ?? join(root, '.venv/bin/python');

const only = process.argv.slice(2);
const wanted = (section: string) => only.length === 0 || only.includes(section);

const home = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
const server = await startServer(root, home, python);
try {
  const figures = [
    ...(wanted('kernel')
      ? await kernelFigures({
          ours: [process.execPath, join(root, 'dist/kernel/main.js'), '{connection_file}'],
          ipykernel: [python, '-m', 'ipykernel_launcher', '-f', '{connection_file}'],
          env: { SLIPWAY_HOME: home, SLIPWAY_PYTHON: python },
        })
      : []),
    ...(wanted('consume') ? await consumeFigures({ root, python, server: server.runtime }) : []),
  ];
  console.log(table(figures));
  process.exitCode = figures.every(met) ? 0 : 1;
} finally {
  server.process.kill('SIGTERM');
  if (server.process.exitCode === null) await once(server.process, 'exit');
  await rm(home, { recursive: true, force: true });
}
