import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionInfo } from '../src/jupyter/index.js';

/** Milliseconds after which nobody will read a note any more: its session's lease has long ended. */
const STALE = 24 * 60 * 60 * 1000;

/** The session that a kernel which restarts leaves to the next. */
export interface Inheritance {
  readonly session: string;
  readonly name: string;
}

/**
 * A note from a kernel that restarts to the one that Jupyter starts in its place: a file, named
 * after what both have in common, which is their connection file. It holds nothing secret.
 */
export class RestartNote {
  readonly #name: string;

  /** @param directory tells where the user's data of Slipway is. */
  constructor(
    private readonly directory: () => Promise<string>,
    connection: Pick<ConnectionInfo, 'key' | 'ip' | 'shell_port'>,
  ) {
    const { key, ip, shell_port: port } = connection;
    const hash = createHash('sha256')
      .update(JSON.stringify([key, ip, port]))
      .digest('hex');
    this.#name = `${hash.slice(0, 32)}.json`;
  }

  async leave(inheritance: Inheritance): Promise<void> {
    const folder = await this.#folder();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeStale(folder);
    await writeFile(join(folder, this.#name), JSON.stringify(inheritance), { mode: 0o600 });
  }

  /** Reads the note, once; undefined when there is none. */
  async take(): Promise<Inheritance | undefined> {
    const path = join(await this.#folder(), this.#name);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    await rm(path, { force: true });
    return readNote(text);
  }

  async #folder(): Promise<string> {
    return join(await this.directory(), 'restarts');
  }
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const written = await timeOf(path);
    if (written !== undefined && Date.now() - written > STALE) await rm(path, { force: true });
  }
}

/** When a note was written; undefined when its kernel has just taken it. */
async function timeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function readNote(text: string): Inheritance | undefined {
  let note: unknown;
  try {
    note = JSON.parse(text);
  } catch (error) {
    // A file that was cut short, as by a full disk, says nothing.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const { session, name } = Object(note) as { session?: unknown; name?: unknown };
  return typeof session === 'string' && typeof name === 'string' ? { session, name } : undefined;
}
