import { type FileHandle, open, stat } from 'node:fs/promises';

/** Bytes from the end of a file among which its last lines are looked for. */
const TAIL_BYTES = 16 * 1024 * 1024;
const CHUNK = 64 * 1024;
const NEWLINE = 10;

/** Reads a log file that grows, and goes on in the next one when it is exchanged. */
export class LogReader {
  readonly #path: string;
  #file: FileHandle;
  #position = 0;
  /** The beginning of a line whose end is not written yet. */
  #rest = Buffer.alloc(0);

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(path: string): Promise<LogReader> {
    return new LogReader(path, await open(path, 'r'));
  }

  /** The last lines that are there now; `more` goes on after them. */
  async last(count: number): Promise<string[]> {
    const { size } = await this.#file.stat();
    this.#position = Math.max(0, size - TAIL_BYTES);
    const isTorn = this.#position > 0;
    const lines = await this.#readLines();
    // slice(-0) would be all of them.
    return count === 0 ? [] : lines.slice(isTorn ? 1 : 0).slice(-count);
  }

  /** The lines that were written since, also in files that have taken the place of this. */
  async more(): Promise<string[]> {
    const lines = await this.#readLines();
    const mine = await this.#file.stat();
    const current = await inodeOf(this.#path);
    if (current === undefined) return lines;
    if (current === mine.ino) {
      // Emptied in its place, as some do that rotate logs.
      if (mine.size >= this.#position) return lines;
      this.#begin();
      return [...lines, ...(await this.#readLines())];
    }
    // What was written between the two looks.
    lines.push(...(await this.#readLines()));
    for (const path of await this.#followers(mine.ino)) {
      const next = await open(path, 'r');
      await this.#file.close();
      this.#file = next;
      this.#begin();
      lines.push(...(await this.#readLines()));
    }
    return lines;
  }

  /** The files after the one of an inode, the oldest first: `.2`, `.1`, and the path itself. */
  async #followers(inode: number): Promise<string[]> {
    const paths = [this.#path];
    for (let number = 1; ; number += 1) {
      const path = `${this.#path}.${number}`;
      const found = await inodeOf(path);
      if (found === inode) return paths;
      // It is not kept any more, and neither may be those that followed it.
      if (found === undefined) return [this.#path];
      paths.unshift(path);
    }
  }

  #begin(): void {
    this.#position = 0;
    this.#rest = Buffer.alloc(0);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #readLines(): Promise<string[]> {
    const chunks = [this.#rest];
    for (;;) {
      const { bytesRead, buffer } = await this.#file.read(
        Buffer.alloc(CHUNK),
        0,
        CHUNK,
        this.#position,
      );
      if (bytesRead === 0) break;
      this.#position += bytesRead;
      chunks.push(buffer.subarray(0, bytesRead));
    }
    const all = Buffer.concat(chunks);
    const end = all.lastIndexOf(NEWLINE) + 1;
    this.#rest = all.subarray(end);
    return end === 0
      ? []
      : all
          .subarray(0, end - 1)
          .toString('utf8')
          .split('\n');
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch (error) {
    // Between the two steps of an exchange there is none.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
