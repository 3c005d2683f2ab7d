import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LocalSettings } from '../settings.js';
import { ownArguments, sharedArguments } from './bubblewrap.js';
import { interpreterPaths } from './interpreter-paths.js';
import { exists, findProgram, type SystemPaths, systemPaths } from './machine.js';
import type { Needs } from './types.js';

/** Milliseconds that a trial may take. */
const TRIAL_LIMIT = 10_000;

/** What isolates, once it is known to work. */
export interface Found {
  /** Absolute path of bubblewrap; empty where accounts alone are used. */
  readonly program: string;
  /** Whether each process gets an account of its own. */
  readonly needsAccount: boolean;
  readonly system: SystemPaths;
  /** What processes may read beside the system. */
  readonly readable: readonly string[];
  readonly setpriv?: string;
  readonly prlimit?: string;
}

/** Whether a way to isolate works here, and why, or why not and what would help. */
export interface Probe {
  readonly found?: Found;
  readonly reason: string;
}

/** Whether bubblewrap can start a process as sessions are started. */
export async function probeBubblewrap(
  settings: LocalSettings,
  hidden: readonly string[],
  isRoot: boolean,
): Promise<Probe> {
  const program = await findProgram('bwrap');
  if (program === undefined) {
    return {
      reason:
        'bubblewrap is not installed: install it ("apt-get install bubblewrap" on Debian and Ubuntu).',
    };
  }
  const needsAccount = isRoot && !settings.embedded;
  const found = await findOut(settings, program, needsAccount);
  if (needsAccount && found.setpriv === undefined) {
    return { reason: 'setpriv is not installed: it comes with the package util-linux.' };
  }
  const trial = join(settings.dataDirectory, `trial-${randomBytes(8).toString('hex')}`);
  const scratch = { temporary: join(trial, 'tmp'), home: join(trial, 'home') };
  for (const path of [trial, scratch.temporary, scratch.home]) await mkdir(path, { mode: 0o700 });
  try {
    const needs: Needs = {
      ...{ name: 'trial', workDirectory: trial, writable: [trial], readable: [] },
      outlivesServer: false,
    };
    const view = { ...found, scratch };
    const args = settings.embedded
      ? ownArguments(needs, { folders: hidden }, isRoot)
      : sharedArguments(needs, view, { folders: hidden }, isRoot);
    const failure = await attempt(program, [...args, 'true']);
    if (failure === undefined) return { found, reason: 'bubblewrap works here.' };
    return {
      reason: `bubblewrap cannot start a process (${failure}): allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0; for a container, --security-opt seccomp=unconfined --security-opt systempaths=unconfined).`,
    };
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

/** Whether a process of another account can run the interpreter and reach what is its own. */
export async function probeAccount(settings: LocalSettings, isRoot: boolean): Promise<Probe> {
  if (!isRoot) {
    return { reason: 'Accounts for sessions can be had only by a server that root runs.' };
  }
  const { python, pythonPath, dataDirectory, isolation } = settings;
  const account = { uid: isolation.firstAccount, gid: isolation.firstAccount };
  const cause = `the account ${account.uid} cannot use`;
  const script = join(pythonPath, 'slipway_session', '__main__.py');
  const program = ['-I', '-S', '-c', `open(${JSON.stringify(script)}).close()`];
  const failure = await attempt(python, program, account);
  if (failure !== undefined) {
    return {
      reason: `Accounts are of no use, since ${cause} ${python} or ${pythonPath} (${failure}): install both where everybody may read, such as below /opt.`,
    };
  }
  // The parent is what counts; the directory itself is opened afterwards.
  const parent = join(dataDirectory, '..');
  const unreachable = await attempt('/bin/sh', ['-c', 'cd "$1"', 'sh', parent], account);
  if (unreachable !== undefined) {
    return {
      reason: `Accounts are of no use, since ${cause} a folder in ${parent} (${unreachable}): choose another data directory with --data, such as /var/lib/slipway.`,
    };
  }
  return { found: await findOut(settings, '', true), reason: 'Each process has its own account.' };
}

async function findOut(
  settings: LocalSettings,
  program: string,
  needsAccount: boolean,
): Promise<Found> {
  const [system, interpreter, setpriv, prlimit] = await Promise.all([
    systemPaths(),
    (await exists(settings.python)) ? interpreterPaths(settings.python) : [],
    findProgram('setpriv'),
    findProgram('prlimit'),
  ]);
  return {
    program,
    needsAccount,
    system,
    readable: [...interpreter, settings.pythonPath, ...settings.isolation.paths],
    ...(setpriv === undefined ? {} : { setpriv }),
    ...(prlimit === undefined ? {} : { prlimit }),
  };
}

/** Runs a program. @returns undefined when it succeeds, else the last line of what it said */
function attempt(
  program: string,
  args: readonly string[],
  account: { readonly uid?: number; readonly gid?: number } = {},
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { ...account, cwd: '/', timeout: TRIAL_LIMIT };
    execFile(program, [...args], options, (error, _stdout, stderr) => {
      if (error === null) resolve(undefined);
      else resolve(stderr.trim().split('\n').at(-1) || error.message);
    });
  });
}
