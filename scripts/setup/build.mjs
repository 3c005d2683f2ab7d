import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './command.mjs';
import { cli, pinnedNode, root } from './paths.mjs';
import { filesBelow, fingerprint, readStamp, writeStamp } from './stamp.mjs';

const output = join(root, 'dist');
const stampPath = join(output, '.slipway.json');

/**
 * Compiles TypeScript to dist/, only what changed, and bundles the kernel.
 * @type {import('./step.mjs').Step}
 */
export const build = {
  title: 'Build',
  doing: 'tsc, rolldown',
  async bringUpToDate(report) {
    const sources = ['kernel', 'src', 'bench'].flatMap((folder) =>
      filesBelow(join(root, folder), '.ts'),
    );
    const settings = [
      ...['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
      ...['scripts/bundle.mjs', 'scripts/setup/build.mjs'],
    ];
    const wanted = fingerprint([...sources, ...settings.map((name) => join(root, name))]);
    const stamp = readStamp(stampPath);
    if (existsSync(cli) && stamp.fingerprint === wanted) return false;
    report();
    // tsc never removes what it once wrote: output of a deleted source would live on.
    const before = Array.isArray(stamp.sources) ? stamp.sources : [];
    if (before.some((source) => !sources.includes(source))) {
      rmSync(output, { recursive: true, force: true });
    }
    await runQuietly('tsc', pinnedNode, [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...['-p', 'tsconfig.build.json', '--incremental'],
      ...['--tsBuildInfoFile', join(output, '.tsbuildinfo')],
    ]);
    await runQuietly('bundle', pinnedNode, [join(root, 'scripts/bundle.mjs')]);
    writeStamp(stampPath, { fingerprint: wanted, sources });
    return true;
  },
};
