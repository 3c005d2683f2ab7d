import { lstat, readFile, readlink, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Links that are followed before a path counts as a loop. */
const MAX_LINKS = 40;

/**
 * The folders that an interpreter and its packages lie in: the environment, and the installation
 * that it was made from.
 * @param python absolute path, often a link to a link
 */
export async function interpreterPaths(python: string): Promise<string[]> {
  const found = new Set<string>();
  let program = python;
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const prefix = dirname(dirname(program));
    const home = await homeOf(prefix);
    if (home === undefined) {
      // What lies beside a mere link is not the interpreter's.
      found.add(dirname(program));
    } else {
      found.add(prefix);
      found.add(dirname(home));
    }
    const target = await linkTarget(program);
    if (target === undefined) break;
    program = target;
  }
  found.add(dirname(dirname(await realpath(python))));
  return [...found].filter((path) => path !== '/');
}

/** The folder with the interpreter that a virtual environment was made with. */
async function homeOf(prefix: string): Promise<string | undefined> {
  try {
    const text = await readFile(join(prefix, 'pyvenv.cfg'), 'utf8');
    return /^home\s*=\s*(\/.+?)\s*$/m.exec(text)?.[1];
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(code)) return undefined;
    throw error;
  }
}

async function linkTarget(path: string): Promise<string | undefined> {
  const stats = await lstat(path);
  return stats.isSymbolicLink() ? resolve(dirname(path), await readlink(path)) : undefined;
}
