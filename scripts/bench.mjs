/** `npm run bench`: sets up what is missing, then measures. Arguments name sections to run. */
import { join } from 'node:path';
import { runInForeground } from './setup/command.mjs';
import { afterSetup } from './setup/index.mjs';
import { pinnedNode, root, venvPython } from './setup/paths.mjs';

await afterSetup(() =>
  runInForeground(pinnedNode, [join(root, 'dist/bench/main.js'), ...process.argv.slice(2)], {
    env: { ...process.env, SLIPWAY_PYTHON: venvPython },
  }),
);
