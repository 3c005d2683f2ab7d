import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeDirectory } from '../runtime-directory.js';
import { type Accounts, endProcessesOf, giveTo, showTo } from './accounts.js';

/** How a process is started so that it is isolated. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The account that it is started as; undefined for the server's own. */
  readonly account?: number;
  /**
   * Whether the process that is started waits for the one meant, and ends with 128 and the number
   * of a signal where that was killed.
   */
  readonly isRelayed: boolean;
}

/** What an enclosure is made of. */
export interface EnclosureParts {
  readonly accounts: Accounts;
  /** The account of the process; undefined for the server's own. */
  readonly account: number | undefined;
  /** Folder for its temporary files and its home. */
  readonly scratch: string;
  /** Whether it is kept from what is others'. */
  readonly isApart: boolean;
  /**
   * Whether its processes can have left their group for good, so that their account alone tells
   * which they are. Those with a namespace of their own end with it, and another server on this
   * machine may use the same account.
   */
  readonly canLeaveProcesses: boolean;
}

/** The place of one process and of what it starts, for the whole of its life. */
export class Enclosure {
  readonly account: number | undefined;
  /** Whether its process is kept from what is others', so that what it leaves is not trusted. */
  readonly isApart: boolean;
  readonly #accounts: Accounts;
  readonly #scratch: string;
  readonly #canLeaveProcesses: boolean;
  #isDiscarded = false;

  constructor(parts: EnclosureParts) {
    const { accounts, account, scratch, isApart, canLeaveProcesses } = parts;
    this.isApart = isApart;
    this.#accounts = accounts;
    this.account = account;
    this.#scratch = scratch;
    this.#canLeaveProcesses = canLeaveProcesses;
  }

  /** The folder that the process has as `/tmp`, or named in TMPDIR. */
  get temporary(): string {
    return join(this.#scratch, 'tmp');
  }

  /** The folder that the process has as its home. */
  get home(): string {
    return join(this.#scratch, 'home');
  }

  /** Makes the folders of its own. */
  async createScratch(): Promise<void> {
    for (const path of [this.#scratch, this.temporary, this.home]) {
      await mkdir(path, { mode: 0o700 });
      await this.give(path);
    }
  }

  /** Makes a file or folder the process's own, but not what is in it. */
  async give(path: string): Promise<void> {
    if (this.account !== undefined) await giveTo(this.account, path);
  }

  /** Lets the process read a folder of the server's with all that is in it. */
  async show(directory: string): Promise<void> {
    if (this.account !== undefined) await showTo(this.account, directory);
  }

  /** Lets the process pass through a folder of the server's to what is its own below. */
  async passThrough(directory: string): Promise<void> {
    if (this.account !== undefined) await chmod(directory, 0o711);
  }

  /** Whether a file may have been made by the process, or by the server for it. */
  isOwn({ uid }: { readonly uid: number }): boolean {
    return this.account === undefined || uid === this.account;
  }

  /** Ends what is left of its processes and removes their temporary files. Idempotent. */
  async discard(): Promise<void> {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    if (this.account !== undefined) {
      if (this.#canLeaveProcesses) await endProcessesOf(this.account);
      this.#accounts.release(this.account);
    }
    await removeDirectory(this.#scratch);
  }
}
