import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { python } from './server.js';

/** Puts a program at a path, as a script of the shell. */
export async function writeProgram(path: string, script: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

/** Puts a real Python at a path that has the standard library alone. */
export function writeBarePython(path: string): Promise<string> {
  return writeProgram(path, `exec '${python}' -S "$@"`);
}
