import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { SystemPaths } from './machine.js';
import type { Needs } from './types.js';

/** Where a process finds its home; there is no other user's beside it. */
export const HOME = '/home/slipway';

/**
 * What root needs to enter a folder of another account and to become that account, which then has
 * none of it.
 */
const BECOMING = ['CAP_DAC_READ_SEARCH', 'CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'];

/** The folders that no process but the server sees, whatever is shown to it above them. */
export interface Hidden {
  /** The data directory, and where sockets are if that is elsewhere. Real paths, without links. */
  readonly folders: readonly string[];
}

/**
 * Arguments of bubblewrap for a process of a user's own server: all is as it is elsewhere, but for
 * the folders of the server, of which it sees what it needs.
 * @param isRoot whether the server runs as root, whose rights are kept then
 */
export function ownArguments(needs: Needs, hidden: Hidden, isRoot: boolean): string[] {
  return [
    ...['--dev-bind', '/', '/'],
    ...hideServer(needs, hidden, false),
    ...lifetime(needs),
    // The processes of the server, whose owner is the same, cannot be looked into from another
    // namespace of users. Root would lose its rights there, and gains nothing by it.
    ...(isRoot ? [] : ['--unshare-user']),
    ...['--chdir', needs.workDirectory ?? tmpdir(), '--'],
  ];
}

/** What of the machine the processes of a shared server see. */
export interface SharedView {
  readonly system: SystemPaths;
  /** Of the interpreter, of our own package, and what the administrator has named. */
  readonly readable: readonly string[];
  /** Folders of the process for its temporary files and its home. */
  readonly scratch: { readonly temporary: string; readonly home: string };
}

/**
 * Arguments of bubblewrap for a process of a shared server: the programs of the system, to be read,
 * what is its own, and nothing else; processes and shared memory of its own.
 * @param isRoot whether the server runs as root: the process then keeps the rights to become
 *   another account, which it does first
 */
export function sharedArguments(
  needs: Needs,
  view: SharedView,
  hidden: Hidden,
  isRoot: boolean,
): string[] {
  const { system, readable, scratch } = view;
  return [
    ...['--unshare-pid', '--unshare-ipc', ...(isRoot ? [] : ['--unshare-user'])],
    ...['--cap-drop', 'ALL'],
    ...(isRoot ? BECOMING.flatMap((capability) => ['--cap-add', capability]) : []),
    ...lifetime(needs),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...(isRoot ? ['--perms', '1777', '--tmpfs', '/dev/shm'] : []),
    ...system.devices.flatMap((path) => ['--dev-bind-try', path, path]),
    ...system.links.flatMap(([path, target]) => ['--symlink', target, path]),
    ...['--dir', '/run', '--dir', '/var', '--symlink', '/tmp', '/var/tmp'],
    ...(isRoot ? openFolders([HOME]) : []),
    ...['--bind', scratch.temporary, '/tmp', '--bind', scratch.home, HOME],
    ...(isRoot ? openFolders([...system.readable, ...readable, ...hidden.folders]) : []),
    ...[...system.readable, ...readable].flatMap((path) => ['--ro-bind-try', path, path]),
    ...hideServer(needs, hidden, isRoot),
    ...['--remount-ro', '/', '--chdir', needs.workDirectory ?? '/tmp', '--'],
  ];
}

function lifetime({ outlivesServer }: Needs): string[] {
  return outlivesServer ? [] : ['--die-with-parent'];
}

/** Puts empty folders in the place of the server's, and the process's own into them. */
function hideServer(
  { writable, readable }: Needs,
  { folders }: Hidden,
  isForAccount: boolean,
): string[] {
  return [
    ...folders.flatMap((path) => ['--tmpfs', path]),
    ...(isForAccount ? openFolders([...readable, ...writable]) : []),
    ...readable.flatMap((path) => ['--ro-bind', path, path]),
    ...writable.flatMap((path) => ['--bind', path, path]),
    ...folders.flatMap((path) => ['--remount-ro', path]),
  ];
}

/**
 * Makes the folders above what is shown, so that another account than root can pass: bubblewrap
 * itself would close them to all but root.
 */
function openFolders(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let folder = dirname(path); folder !== '/'; folder = dirname(folder)) folders.add(folder);
  }
  // What lies in a folder that is shown comes with that.
  return [...folders].sort().flatMap((folder) => ['--perms', '0755', '--dir', folder]);
}
