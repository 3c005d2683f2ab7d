import { chmod, mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalSettings } from '../settings.js';
import { Accounts, endProcessesOf } from './accounts.js';
import { HOME, ownArguments, type SharedView, sharedArguments } from './bubblewrap.js';
import { Enclosure, type EnclosureParts, type Launch } from './enclosure.js';
import { ownEnvironment, sharedEnvironment } from './environment.js';
import { IsolationUnavailableError } from './errors.js';
import { type Found, type Probe, probeAccount, probeBubblewrap } from './probe.js';
import type { IsolationReport, Needs } from './types.js';

/** Processes and threads that an account may have, so that none takes them from all others. */
const MAX_PROCESSES = 4096;

/** Folders of the data directory that hold a folder for each process. */
const PASSAGES = ['work', 'staging', 'inbox', 'scratch', 'sealed', 'materialised', 'run'];

const isRoot = process.getuid?.() === 0;

/** What is known of a process that a server before this one has started. */
export interface Readopted {
  readonly name: string;
  readonly account: number | undefined;
  readonly isApart: boolean;
}

/** What is decided once: which isolation there is, and by what. */
interface Decision {
  readonly report: IsolationReport;
  readonly found: Found | undefined;
}

/**
 * Keeps the processes of sessions and services from what is not theirs: the keys, the database and
 * the content of the server, its processes, and what other users have.
 */
export class Isolation {
  readonly #settings: LocalSettings;
  readonly #hidden: readonly string[];
  readonly #scratch: string;
  readonly #accounts: Accounts;
  #decision: Promise<Decision> | undefined;

  /**
   * @param hidden real paths of the folders that are the server's alone; the first is the data
   *   directory
   */
  constructor(settings: LocalSettings, hidden: readonly string[]) {
    this.#settings = settings;
    this.#hidden = hidden;
    this.#scratch = join(settings.dataDirectory, 'scratch');
    this.#accounts = new Accounts(settings.isolation.firstAccount, settings.isolation.accounts);
  }

  /**
   * Which isolation is in force. Finds out at the first call.
   * @throws {IsolationUnavailableError} when the one that was asked for is not possible
   */
  async report(): Promise<IsolationReport> {
    return (await this.#decide()).report;
  }

  /**
   * Makes a place for a process, whose folders are there.
   * @throws {IsolationUnavailableError} {NoFreeAccountError}
   */
  async enclose(needs: Needs): Promise<Enclosure> {
    const { report, found } = await this.#decide();
    const account = found?.needsAccount === true ? this.#accounts.take() : undefined;
    const isApart = report.protects === 'user';
    const canLeaveProcesses = report.kind === 'account';
    const enclosure = this.#enclosure({ name: needs.name, account, isApart, canLeaveProcesses });
    try {
      // A server that was killed may have left some.
      if (account !== undefined && canLeaveProcesses) await endProcessesOf(account);
      if (enclosure.isApart) await enclosure.createScratch();
      for (const path of needs.writable) await enclosure.give(path);
      for (const path of needs.readable) await enclosure.show(path);
      return enclosure;
    } catch (error) {
      await enclosure.discard();
      throw error;
    }
  }

  /** The place of a process that a server before this one has started. */
  readopt(known: Readopted): Enclosure {
    if (known.account !== undefined) this.#accounts.reserve(known.account);
    // It may have been started in another mode than this server's.
    return this.#enclosure({ ...known, canLeaveProcesses: true });
  }

  /** How the interpreter is started with these arguments in a place that was made for it. */
  async launch(args: readonly string[], needs: Needs, enclosure: Enclosure): Promise<Launch> {
    const { report, found } = await this.#decide();
    const { python, isolation } = this.#settings;
    const program = [python, ...args];
    const cwd = needs.workDirectory ?? tmpdir();
    if (found === undefined) return withoutWrapper(program, cwd, ownEnvironment(process.env));
    if (report.protects === 'data') {
      return wrapped(
        [found.program, ...ownArguments(needs, this.#hiddenFolders, isRoot), ...program],
        ownEnvironment(process.env),
        needs,
      );
    }
    const shared = sharedEnvironment(process.env, isolation.environment);
    const names = { USER: 'slipway', LOGNAME: 'slipway' };
    const { account, temporary, home } = enclosure;
    if (report.kind === 'account') {
      return {
        ...withoutWrapper(
          [...limited(found), ...gainingNothing(found), ...program],
          needs.workDirectory ?? temporary,
          {
            ...{ ...shared, ...names, HOME: home, TMPDIR: temporary },
          },
        ),
        ...(account === undefined ? {} : { account }),
      };
    }
    const view: SharedView = { ...found, scratch: { temporary, home } };
    return wrapped(
      [
        found.program,
        ...sharedArguments(needs, view, this.#hiddenFolders, isRoot),
        ...(account === undefined ? [] : [...limited(found), ...becoming(found, account)]),
        ...program,
      ],
      { ...shared, ...names, HOME, TMPDIR: '/tmp' },
      needs,
    );
  }

  get #hiddenFolders() {
    return { folders: this.#hidden };
  }

  #enclosure({ name, ...known }: Readopted & Pick<EnclosureParts, 'canLeaveProcesses'>): Enclosure {
    const scratch = join(this.#scratch, name);
    return new Enclosure({ ...known, accounts: this.#accounts, scratch });
  }

  #decide(): Promise<Decision> {
    this.#decision ??= this.#lookAround();
    return this.#decision;
  }

  async #lookAround(): Promise<Decision> {
    const { embedded, isolation } = this.#settings;
    const { mode } = isolation;
    const protects = embedded ? 'data' : 'user';
    if (mode === 'none') return nothing('It is set to none.');
    // It would take a namespace of users, where sudo does not work, and ssh refuses the system's
    // configuration since root's files are nobody's; for root it would be no wall. A kernel that a
    // cell starts, as nbconvert does, would not find this server. Who has only their own code loses
    // more by it.
    if (mode === 'auto' && embedded) {
      return nothing(
        'Cells are their user’s own, and bubblewrap would keep sudo, ssh and kernels of their own from working in them: set SLIPWAY_ISOLATION=bubblewrap to hide the data directory from them all the same.',
      );
    }
    const reasons: string[] = [];
    for (const [kind, look] of this.#candidates()) {
      if (mode !== 'auto' && mode !== kind) continue;
      const probe = await look();
      if (probe.found !== undefined) {
        if (kind === 'account') await this.#openDataDirectory();
        return { report: { kind, protects, reason: probe.reason }, found: probe.found };
      }
      reasons.push(probe.reason);
    }
    if (mode !== 'auto') {
      throw new IsolationUnavailableError(
        `The isolation "${mode}" is not possible here. ${reasons.join(' ')}`,
      );
    }
    return nothing(reasons.join(' '));
  }

  #candidates(): readonly (readonly ['bubblewrap' | 'account', () => Promise<Probe>])[] {
    const { embedded } = this.#settings;
    return [
      ['bubblewrap', () => probeBubblewrap(this.#settings, this.#hidden, isRoot)],
      [
        'account',
        async () =>
          embedded
            ? { reason: 'A server of one user has no use for other accounts.' }
            : await probeAccount(this.#settings, isRoot),
      ],
    ];
  }

  /**
   * Lets other accounts pass through the data directory, each to what is its own: they can neither
   * list nor read anything else.
   */
  async #openDataDirectory(): Promise<void> {
    const root = this.#settings.dataDirectory;
    for (const entry of await readdir(root, { withFileTypes: true })) {
      await chmod(join(root, entry.name), entry.isDirectory() ? 0o700 : 0o600);
    }
    const passages = PASSAGES.map((name) => join(root, name));
    for (const path of passages) await mkdir(path, { recursive: true });
    for (const path of [...passages, ...this.#hidden]) await chmod(path, 0o711);
  }
}

function nothing(reason: string): Decision {
  return { report: { kind: 'none', protects: 'nothing', reason }, found: undefined };
}

function withoutWrapper(
  [command = '', ...args]: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): Launch {
  return { command, args, cwd, env, isRelayed: false };
}

/**
 * An interrupt goes to the whole group of processes, to bubblewrap's own, too: that one ignores it
 * when it is started so. Sessions see to their interrupts by themselves.
 */
function wrapped(command: readonly string[], env: NodeJS.ProcessEnv, needs: Needs): Launch {
  const ignoring = ['/bin/sh', '-c', 'trap "" INT; exec "$@"', 'sh'];
  const whole = needs.outlivesServer ? [...ignoring, ...command] : command;
  return { ...withoutWrapper(whole, '/', env), isRelayed: true };
}

function limited({ prlimit }: Found): string[] {
  return prlimit === undefined ? [] : [prlimit, `--nproc=${MAX_PROCESSES}`, '--'];
}

/** Keeps an account from becoming another one by programs such as su. */
function gainingNothing({ setpriv }: Found): string[] {
  return setpriv === undefined ? [] : [setpriv, '--no-new-privs', '--'];
}

function becoming({ setpriv = 'setpriv' }: Found, account: number): string[] {
  return [
    ...[setpriv, '--reuid', String(account), '--regid', String(account), '--clear-groups'],
    ...['--inh-caps=-all', '--bounding-set=-all', '--no-new-privs', '--'],
  ];
}
