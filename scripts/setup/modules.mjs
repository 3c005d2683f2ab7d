import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathOutsideProject, runQuietly } from './command.mjs';
import { pinnedNode, root } from './paths.mjs';
import { fingerprint, readStamp, writeStamp } from './stamp.mjs';

const stampPath = join(root, 'node_modules/.slipway.json');

/**
 * Installs exactly what package-lock.json names.
 * @type {import('./step.mjs').Step}
 */
export const modules = {
  title: 'Node modules',
  doing: 'npm ci',
  async bringUpToDate(report) {
    const wanted = fingerprint([join(root, 'package-lock.json')], [process.platform, process.arch]);
    if (existsSync(pinnedNode) && readStamp(stampPath).fingerprint === wanted) return false;
    report();
    // Packages that ask for a newer Node than the one that installs them are no news: they will
    // run on the pinned one. That is a warning of npm's, hence the log level.
    await runQuietly('npm', 'npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], {
      env: { ...process.env, PATH: pathOutsideProject() },
      installer: 'npm',
    });
    writeStamp(stampPath, { fingerprint: wanted });
    return true;
  },
};
