import { type FSWatcher, watch } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessEnd, SessionNote, SessionProcess, WorkFiles } from '../types.js';
import { AdoptedGroup } from './adopted-process.js';
import { type ProcessGroup, startChild } from './child-process.js';
import {
  createRuntimeDirectory,
  ensurePrivateDirectory,
  removeDirectory,
} from './runtime-directory.js';
import { SessionStartError, SessionUnreachableError } from './session-errors.js';
import { readNote, writeNote } from './session-note.js';
import type { LocalSettings } from './settings.js';
import { LocalWorkFiles } from './work-files.js';

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

/** Files in the runtime directory of a session. */
const LINK = 'link';
const STDERR = 'stderr.log';

/** Where one session lives on disk. */
export interface SessionPlaces {
  /** Its socket, and what is noted of it. */
  readonly runtimeDirectory: string;
  /** Working directory of the session's code. */
  readonly workDirectory: string;
  /** Parent of the directories in which snapshots and uploads take shape. */
  readonly stagingDirectory: string;
}

/**
 * Starts an ipykernel process and waits until it can be connected with.
 * @param runtimeBase where the session's runtime directory is to be
 * @throws {SessionStartError}
 */
export async function startSessionProcess(
  id: string,
  settings: LocalSettings,
  runtimeBase: string,
  { workDirectory, stagingDirectory }: Omit<SessionPlaces, 'runtimeDirectory'>,
): Promise<LocalSession> {
  await ensurePrivateDirectory(workDirectory);
  await ensurePrivateDirectory(stagingDirectory);
  const runtimeDirectory = await createRuntimeDirectory(runtimeBase);
  const places = { runtimeDirectory, workDirectory, stagingDirectory };
  const link = join(runtimeDirectory, LINK);
  let group: ProcessGroup | undefined;
  try {
    // A file, since a pipe would break with the server, and the session with the pipe.
    const stderr = await open(join(runtimeDirectory, STDERR), 'a', 0o600);
    const watcher = new LinkWatcher(runtimeDirectory);
    try {
      group = await startChild({
        command: settings.python,
        args: [
          // As ipykernel starts itself: the debugger misses breakpoints in frozen modules.
          '-Xfrozen_modules=off',
          join(settings.pythonPath, 'slipway_session', '__main__.py'),
          `--SessionApp.link_path=${link}`,
        ],
        cwd: workDirectory,
        stderr: stderr.fd,
      });
      await watcher.appeared(group.ended);
    } finally {
      watcher.close();
      await stderr.close();
    }
    const session = new LocalSession(id, group, places);
    await session.label({});
    return session;
  } catch (error) {
    await group?.kill();
    const tail = await readTail(runtimeDirectory);
    await discard(places);
    throw error instanceof SessionStartError ? error.withTail(tail) : error;
  }
}

/**
 * A session that a server before this one has started; undefined when it does not run any more.
 * @param placesOf where the files of a session with this id are
 */
export async function findSessionProcess(
  runtimeDirectory: string,
  placesOf: (id: string) => Omit<SessionPlaces, 'runtimeDirectory'>,
): Promise<{ process: LocalSession; label: SessionNote } | undefined> {
  const note = await readNote(runtimeDirectory);
  if (note === undefined) return undefined;
  const isAlive = () => answers(join(runtimeDirectory, LINK));
  if (!(await isAlive())) return undefined;
  const group = new AdoptedGroup(note.pid, isAlive);
  const process = new LocalSession(note.id, group, { runtimeDirectory, ...placesOf(note.id) });
  return { process, label: note.label };
}

/** A session that runs as a process on this machine. */
export class LocalSession implements SessionProcess {
  readonly files: WorkFiles;
  readonly ended: Promise<ProcessEnd>;
  readonly #group: ProcessGroup;
  readonly #places: SessionPlaces;
  #terminated: Promise<void> | undefined;
  #isReleased = false;

  constructor(
    readonly id: string,
    group: ProcessGroup,
    places: SessionPlaces,
  ) {
    this.#group = group;
    this.#places = places;
    this.files = new LocalWorkFiles(places.workDirectory, places.stagingDirectory);
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
        return await openSocket(join(this.#places.runtimeDirectory, LINK), receive);
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
    await writeNote(this.#places.runtimeDirectory, { id: this.id, pid: this.pid, label });
  }

  release(): void {
    this.#isReleased = true;
    this.#group.release();
  }

  terminate(): Promise<void> {
    this.#terminated ??= this.#group
      .kill()
      .then(() => this.ended)
      .then(() => discard(this.#places));
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

function openSocket(path: string, receive?: (chunk: Buffer) => void): Promise<Socket> {
  const callback = (length: number, buffer: Uint8Array) => {
    receive?.((buffer as Buffer).subarray(0, length));
    return true;
  };
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ path, onread: { buffer: RECEIVED, callback } });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
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

async function discard(places: SessionPlaces): Promise<void> {
  await Promise.all(Object.values(places).map((directory: string) => removeDirectory(directory)));
}
