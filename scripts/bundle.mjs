/**
 * Puts the kernel and the packages that it uses into few files, in dist/kernel: a kernel is started
 * for each notebook, and finding and reading a hundred modules takes longer than running them.
 * CommonJS, because Node loads its own modules whole for an ES module that imports them; by
 * `node:http` alone that doubles the time. Runs on the pinned Node.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './setup/paths.mjs';

const output = join(root, 'dist/kernel');

const bundle = await rolldown({
  input: join(root, 'kernel/main.ts'),
  platform: 'node',
  // Has a binary, which it looks for beside itself.
  external: ['zeromq'],
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
  plugins: [{ name: 'tls-when-needed', transform: loadTlsWhenNeeded }],
});
rmSync(output, { recursive: true, force: true });
const { output: chunks } = await bundle.write({
  dir: output,
  format: 'cjs',
  entryFileNames: '[name].cjs',
  chunkFileNames: '[name].cjs',
  sourcemap: true,
});
writeFileSync(join(output, 'LICENSES.txt'), licenses());

/**
 * Makes `ws` load TLS with the first connection that is encrypted, not before: it takes as long as
 * all else that a kernel loads.
 * @param {string} code
 * @param {string} path
 */
function loadTlsWhenNeeded(code, path) {
  if (!path.endsWith('/node_modules/ws/lib/websocket.js')) return undefined;
  const changed = code
    .replace(/^const (https|tls) = require\('\1'\);$/gm, '')
    .replace(/\b(https|tls)\.(?=\w+\b)/g, "require('$1').");
  if (changed === code)
    throw new Error('ws loads TLS in another way now: look at scripts/bundle.mjs.');
  // No line has moved, so that the map without this step is right but for some columns.
  return { code: changed, map: null };
}

/** The licences of the packages in the bundle, which ask to be passed on with the code. */
function licenses() {
  const modules = chunks.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  const folders = modules.flatMap(
    (path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [],
  );
  return [...new Set(folders)]
    .sort()
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined) throw new Error(`${name} has no licence to be passed on.`);
      return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    })
    .join('\n\n');
}
