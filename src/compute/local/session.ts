import { type FSWatcher, watch } from 'node:fs';
import { lstat, open, readFile } from 'node:fs/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessEnd, SessionNote, SessionProcess, WorkFiles } from '../types.js';
import { AdoptedGroup } from './adopted-process.js';
import { type ProcessGroup, startChild } from './child-process.js';
import type { Enclosure, Isolation, Needs } from './isolation/index.js';
import {
  createRuntimeDirectory,
  ensurePrivateDirectory,
  removeDirectory,
} from './runtime-directory.js';
import { SessionStartError, SessionUnreachableError } from './session-errors.js';
import { readNote, writeNote } from './session-note.js';
import type { LocalSettings } from './settings.js';
import { LocalWorkFiles, type WorkPlaces } from './work-files.js';

/** Milliseconds until a session that does not listen is given up. */
const START_DEADLINE = 60_000;

/** Milliseconds until another try to connect when too much is open. */
const SHORTAGE_PAUSE = 100;

/** Bytes of a session's standard error that are kept for messages. */
const STDERR_TAIL = 8 * 1024;

/**
 * What comes from a session, until the callback that it is handed to has returned. Node reads into a
 * new buffer each time otherwise, and collecting those took half of the time of a large output.
 */
const RECEIVED = Buffer.allocUnsafeSlow(256 * 1024);

/** In the runtime directory of a session: the directory that is its own, with its socket. */
const SOCKETS = 's';
const LINK = 'link';
/** What it writes to its standard error, which its code cannot replace by a link. */
const STDERR = 'stderr.log';

/** Where one session lives on disk. */
export interface SessionPlaces extends WorkPlaces {
  /** Its socket, and what is noted of it. */
  readonly runtimeDirectory: string;
}

/**
 * Starts an ipykernel process and waits until it can be connected with.
 * @param runtimeBase where the session's runtime directory is to be
 * @throws {SessionStartError}
 */
export async function startSessionProcess(
  id: string,
  settings: LocalSettings,
  isolation: Isolation,
  runtimeBase: string,
  work: WorkPlaces,
): Promise<LocalSession> {
  const { workDirectory, stagingDirectory, inboxDirectory } = work;
  for (const path of [workDirectory, stagingDirectory, inboxDirectory]) {
    await ensurePrivateDirectory(path);
  }
  const runtimeDirectory = await createRuntimeDirectory(runtimeBase);
  const places = { ...work, runtimeDirectory };
  const sockets = join(runtimeDirectory, SOCKETS);
  await ensurePrivateDirectory(sockets);
  const needs: Needs = {
    ...{ name: id, workDirectory, readable: [inboxDirectory], outlivesServer: true },
    writable: [workDirectory, stagingDirectory, sockets],
  };
  let group: ProcessGroup | undefined;
  let enclosure: Enclosure | undefined;
  try {
    enclosure = await isolation.enclose(needs);
    await enclosure.passThrough(runtimeDirectory);
    // A file, since a pipe would break with the server, and the session with the pipe.
    const stderr = await open(join(runtimeDirectory, STDERR), 'a', 0o600);
    const watcher = new LinkWatcher(sockets);
    try {
      const args = [
        // As ipykernel starts itself: the debugger misses breakpoints in frozen modules.
        '-Xfrozen_modules=off',
        join(settings.pythonPath, 'slipway_session', '__main__.py'),
        `--SessionApp.link_path=${join(sockets, LINK)}`,
      ];
      const launch = await isolation.launch(args, needs, enclosure);
      group = await startChild({ ...launch, stderr: stderr.fd });
      await watcher.appeared(group.ended);
    } finally {
      watcher.close();
      await stderr.close();
    }
    const session = new LocalSession(id, group, places, enclosure);
    await session.label({});
    return session;
  } catch (error) {
    await group?.kill();
    const tail = await readTail(runtimeDirectory);
    await discard(places, enclosure);
    throw error instanceof SessionStartError ? error.withTail(tail) : error;
  }
}

/**
 * A session that a server before this one has started; undefined when it does not run any more.
 * @param placesOf where the files of a session with this id are
 */
export async function findSessionProcess(
  runtimeDirectory: string,
  isolation: Isolation,
  placesOf: (id: string) => WorkPlaces,
): Promise<{ process: LocalSession; label: SessionNote } | undefined> {
  const note = await readNote(runtimeDirectory);
  if (note === undefined) return undefined;
  const isAlive = () => answers(join(runtimeDirectory, SOCKETS, LINK));
  if (!(await isAlive())) return undefined;
  const group = new AdoptedGroup(note.pid, isAlive);
  const { id: name, account, isApart = false } = note;
  const enclosure = isolation.readopt({ name, account, isApart });
  const places = { runtimeDirectory, ...placesOf(name) };
  const process = new LocalSession(name, group, places, enclosure);
  return { process, label: note.label };
}

/** A session that runs as a process on this machine. */
export class LocalSession implements SessionProcess {
  readonly files: WorkFiles;
  readonly ended: Promise<ProcessEnd>;
  readonly #group: ProcessGroup;
  readonly #places: SessionPlaces;
  readonly #enclosure: Enclosure;
  #terminated: Promise<void> | undefined;
  #isReleased = false;

  constructor(
    readonly id: string,
    group: ProcessGroup,
    places: SessionPlaces,
    enclosure: Enclosure,
  ) {
    this.#group = group;
    this.#places = places;
    this.#enclosure = enclosure;
    this.files = new LocalWorkFiles(places, enclosure);
    this.ended = group.ended.then(async (end) => ({
      ...end,
      stderrTail: await readTail(places.runtimeDirectory),
    }));
  }

  get pid(): number {
    return this.#group.pid;
  }

  /** Name of the directory with its socket. */
  get directoryName(): string {
    return basename(this.#places.runtimeDirectory);
  }

  /** Whether it is left running when this server ends. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  async connect(receive: (chunk: Buffer) => void): Promise<Duplex> {
    for (;;) {
      try {
        return await openSocket(join(this.#places.runtimeDirectory, SOCKETS, LINK), receive);
      } catch (error) {
        if (!isShortage(error)) {
          if (this.#group instanceof AdoptedGroup) this.#group.unreachable();
          const message = 'The process of the session is gone.';
          throw new SessionUnreachableError(message, { cause: error });
        }
      }
      await delay(SHORTAGE_PAUSE);
    }
  }

  async interrupt(): Promise<void> {
    this.#group.signal('SIGINT');
  }

  async label(label: SessionNote): Promise<void> {
    const { account, isApart } = this.#enclosure;
    const note = { id: this.id, pid: this.pid, label, isApart };
    const whose = account === undefined ? {} : { account };
    await writeNote(this.#places.runtimeDirectory, { ...note, ...whose });
  }

  release(): void {
    this.#isReleased = true;
    this.#group.release();
  }

  terminate(): Promise<void> {
    this.#terminated ??= this.#group
      .kill()
      .then(() => this.ended)
      .then(() => discard(this.#places, this.#enclosure));
    return this.#terminated;
  }
}

/** Tells when a starting session listens: its socket then has its name. */
class LinkWatcher {
  readonly #watcher: FSWatcher;

  constructor(directory: string) {
    this.#watcher = watch(directory);
  }

  /** @throws {SessionStartError} when the process ends or the time is up before that. */
  appeared(ended: Promise<ProcessEnd>): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        reject(
          new SessionStartError(
            `A Python session did not open its socket within ${START_DEADLINE / 1000} s. The machine may be overloaded; try again.`,
          ),
        );
      }, START_DEADLINE);
      const settle = (finish: () => void) => {
        clearTimeout(deadline);
        finish();
      };
      this.#watcher.on('change', (_event, name) => {
        if (name === LINK) settle(resolve);
      });
      this.#watcher.on('error', (error) => settle(() => reject(error)));
      void ended.then((end) => settle(() => reject(SessionStartError.from(end))));
    });
  }

  close(): void {
    this.#watcher.close();
  }
}

async function openSocket(path: string, receive?: (chunk: Buffer) => void): Promise<Socket> {
  // Code of the session may have put a link to something else there.
  if (!(await lstat(path)).isSocket()) throw new NoSocketError(path);
  const callback = (length: number, buffer: Uint8Array) => {
    receive?.((buffer as Buffer).subarray(0, length));
    return true;
  };
  return await new Promise((resolve, reject) => {
    const socket = connectSocket({ path, onread: { buffer: RECEIVED, callback } });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** Thrown for what lies in the place of a socket. */
class NoSocketError extends Error {
  readonly code = 'NO_SOCKET';
  override readonly name = 'NoSocketError';

  constructor(path: string) {
    super(`${path} is no socket: code of the session has put something else there.`);
  }
}

/** Whether too many connections wait to be taken, or files are open: somebody may listen. */
function isShortage(error: unknown): boolean {
  return ['EAGAIN', 'EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Whether a process listens at a socket. */
async function answers(path: string): Promise<boolean> {
  try {
    (await openSocket(path)).destroy();
    return true;
  } catch (error) {
    return isShortage(error);
  }
}

/** The end of what a session wrote to its standard error before ipykernel took it over. */
async function readTail(runtimeDirectory: string): Promise<string> {
  try {
    const bytes = await readFile(join(runtimeDirectory, STDERR));
    return bytes
      .subarray(Math.max(0, bytes.byteLength - STDERR_TAIL))
      .toString()
      .trim();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // It only explains another failure.
    return code === 'ENOENT' ? '' : `(What it wrote cannot be read: ${message})`;
  }
}

async function discard(places: SessionPlaces, enclosure: Enclosure | undefined): Promise<void> {
  const { runtimeDirectory, workDirectory, stagingDirectory, inboxDirectory } = places;
  const directories = [runtimeDirectory, workDirectory, stagingDirectory, inboxDirectory];
  await enclosure?.discard();
  await Promise.all(directories.map(removeDirectory));
}
