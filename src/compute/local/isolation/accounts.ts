import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, lchown, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NoFreeAccountError } from './errors.js';

/**
 * The accounts (uids, with a group of the same number) that the processes of a server run by root
 * get, each its own. They need no entry in /etc/passwd.
 */
export class Accounts {
  readonly #first: number;
  readonly #count: number;
  readonly #inUse = new Set<number>();
  #next = 0;

  constructor(first: number, count: number) {
    this.#first = first;
    this.#count = count;
  }

  /** One that no process has. The least recently used come first. @throws {NoFreeAccountError} */
  take(): number {
    for (let tried = 0; tried < this.#count; tried += 1) {
      const account = this.#first + this.#next;
      this.#next = (this.#next + 1) % this.#count;
      if (!this.#inUse.has(account)) {
        this.#inUse.add(account);
        return account;
      }
    }
    throw new NoFreeAccountError(this.#count);
  }

  /** Notes that a process has an account which a server before this one gave it. */
  reserve(account: number): void {
    this.#inUse.add(account);
  }

  /** Takes an account back when all processes that had it are gone. */
  release(account: number): void {
    this.#inUse.delete(account);
  }
}

/**
 * Ends all processes of an account, those that have left their group of processes, too. What was
 * left of one session could else reach into the next that has the account.
 */
export async function endProcessesOf(account: number): Promise<void> {
  const killer = spawn('/bin/sh', ['-c', 'kill -9 -1'], {
    ...{ uid: account, gid: account, cwd: '/' },
    stdio: 'ignore',
  });
  // Where there are none, it says so by its status.
  await once(killer, 'exit');
}

/** Makes a file or folder an account's own, but not what is in it. */
export async function giveTo(account: number, path: string): Promise<void> {
  await lchown(path, account, account);
}

/**
 * Lets an account read a folder with all that is in it, and change nothing. The folder is the
 * server's: nobody else can put a link into it.
 */
export async function showTo(account: number, directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await showTo(account, path);
    // Content may be a link to what other accounts read, too: the folders alone keep others out.
    else if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o777) | 0o444);
  }
  await chown(directory, process.getuid?.() ?? 0, account);
  await chmod(directory, 0o750);
}
