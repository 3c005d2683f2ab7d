import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of the longest path of a Unix domain socket: `sun_path` on macOS less its final NUL. */
const MAX_SOCKET_PATH = 103;

/** The longest path below a base directory: `/<16 characters>/s/link.new`. */
const LONGEST_NAME = 40;

/**
 * Where the sockets of this server's sessions are: below the data directory, or, where that makes
 * their paths too long for the system, in the temporary directory. The place depends on the data
 * directory alone, so that a server finds what a killed one left behind.
 */
export function runtimeBase(dataDirectory: string): string {
  const preferred = join(dataDirectory, 'run');
  if (Buffer.byteLength(preferred) + LONGEST_NAME <= MAX_SOCKET_PATH) return preferred;
  const digest = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12);
  return join(tmpdir(), `slipway-${digest}`);
}

/** Creates a directory that only this user can enter, with a random name below the base. */
export async function createRuntimeDirectory(base: string): Promise<string> {
  await ensurePrivateDirectory(base);
  const directory = join(base, randomBytes(8).toString('hex'));
  await mkdir(directory, { mode: 0o700 });
  return directory;
}

/**
 * Creates a directory of mode 0700, or checks one that is there.
 * @throws {UnsafeDirectoryError} when it is someone else's or not a directory: sockets in it
 *   could be replaced.
 */
export async function ensurePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const stats = await lstat(path);
  if (!stats.isDirectory() || (process.getuid !== undefined && stats.uid !== process.getuid())) {
    throw new UnsafeDirectoryError(
      `${path} is not a directory of this user. Remove it, or set TMPDIR to a directory that is yours.`,
    );
  }
  // Others may pass through to what is theirs below, where they are let.
  if ((stats.mode & 0o066) !== 0) await chmod(path, 0o700);
}

/**
 * Removes a directory and all that is in it, also what user code has closed to itself; one that is
 * absent is fine.
 */
export async function removeDirectory(path: string): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 3 };
  try {
    await rm(path, options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    await openDirectories(path);
    await rm(path, options);
  }
}

async function openDirectories(path: string): Promise<void> {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await openDirectories(join(path, entry.name));
  }
}

/** Thrown when the place for a server's sockets belongs to somebody else. */
export class UnsafeDirectoryError extends Error {
  readonly code = 'UNSAFE_DIRECTORY';
  override readonly name = 'UnsafeDirectoryError';
}
