import { randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionInfo } from '../../jupyter/index.js';
import type { ProcessEnd, SessionProcess, WorkFiles } from '../types.js';
import { type ChildGroup, describeEnd, startChild } from './child-process.js';
import {
  createRuntimeDirectory,
  ensurePrivateDirectory,
  removeDirectory,
} from './runtime-directory.js';
import type { LocalSettings } from './settings.js';
import { LocalWorkFiles } from './work-files.js';

/** Milliseconds until a session that has not bound its sockets is given up. */
const START_DEADLINE = 60_000;

/** ipykernel names an IPC socket `<ip>-<port>`, so the ports are only numbers of files. */
const SOCKET_PREFIX = 's';
const PORTS = { shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 } as const;

/** Where one session lives on disk. */
export interface SessionPlaces {
  /** Sockets and connection file. */
  readonly runtimeBase: string;
  /** Working directory of the session's code. */
  readonly workDirectory: string;
  /** Parent of the directories in which snapshots and uploads take shape. */
  readonly stagingDirectory: string;
}

/**
 * Starts an ipykernel process and waits until its sockets are bound.
 * @throws {SessionStartError}
 */
export async function startSessionProcess(
  id: string,
  settings: LocalSettings,
  places: SessionPlaces,
): Promise<SessionProcess> {
  await ensurePrivateDirectory(places.workDirectory);
  await ensurePrivateDirectory(places.stagingDirectory);
  const runtimeDirectory = await createRuntimeDirectory(places.runtimeBase);
  const discard = async () => {
    await Promise.all(
      [runtimeDirectory, places.workDirectory, places.stagingDirectory].map(removeDirectory),
    );
  };
  let group: ChildGroup | undefined;
  try {
    const connection = createConnection(runtimeDirectory);
    const connectionFile = join(runtimeDirectory, 'connection.json');
    await writeFile(connectionFile, JSON.stringify({ ...connection, kernel_name: 'slipway' }), {
      mode: 0o600,
      flag: 'wx',
    });
    const sockets = new SocketWatcher(runtimeDirectory, Object.values(PORTS).length);
    try {
      group = await startChild({
        command: settings.python,
        args: [join(settings.pythonPath, 'slipway_session', '__main__.py'), '-f', connectionFile],
        cwd: places.workDirectory,
        env: {
          // ipykernel ends itself when it is no longer this process's child, so that no session
          // outlives a server that was killed.
          JPY_PARENT_PID: String(process.pid),
        },
      });
      await sockets.bound(group.ended);
    } finally {
      sockets.close();
    }
    const files = new LocalWorkFiles(places.workDirectory, places.stagingDirectory);
    return new LocalSession(id, group, connection, files, discard);
  } catch (error) {
    await group?.kill();
    await discard();
    throw error;
  }
}

function createConnection(runtimeDirectory: string): ConnectionInfo {
  return {
    transport: 'ipc',
    ip: join(runtimeDirectory, SOCKET_PREFIX),
    ...PORTS,
    key: randomBytes(32).toString('hex'),
    signature_scheme: 'hmac-sha256',
  };
}

/** A session that runs as a child process of the server. */
class LocalSession implements SessionProcess {
  readonly id: string;
  readonly connection: ConnectionInfo;
  readonly files: WorkFiles;
  readonly #group: ChildGroup;
  readonly #discard: () => Promise<void>;
  #terminated: Promise<void> | undefined;

  constructor(
    id: string,
    group: ChildGroup,
    connection: ConnectionInfo,
    files: WorkFiles,
    discard: () => Promise<void>,
  ) {
    this.id = id;
    this.#group = group;
    this.connection = connection;
    this.files = files;
    this.#discard = discard;
  }

  get pid(): number {
    return this.#group.pid;
  }

  get ended(): Promise<ProcessEnd> {
    return this.#group.ended;
  }

  async interrupt(): Promise<void> {
    this.#group.signal('SIGINT');
  }

  terminate(): Promise<void> {
    this.#terminated ??= this.#group.kill().then(() => this.#discard());
    return this.#terminated;
  }
}

/** Tells when a starting session has created the files of all its sockets. */
class SocketWatcher {
  readonly #directory: string;
  readonly #expected: number;
  readonly #watcher: FSWatcher;

  constructor(directory: string, expected: number) {
    this.#directory = directory;
    this.#expected = expected;
    this.#watcher = watch(directory);
  }

  /** @throws {SessionStartError} when the process ends or the time is up before that. */
  bound(ended: Promise<ProcessEnd>): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        reject(
          new SessionStartError(
            `A Python session did not open its sockets within ${START_DEADLINE / 1000} s. The machine may be overloaded; try again.`,
          ),
        );
      }, START_DEADLINE);
      const settle = (finish: () => void) => {
        clearTimeout(deadline);
        finish();
      };
      const check = () => {
        this.#count().then(
          (count) => count >= this.#expected && settle(resolve),
          (error: unknown) => settle(() => reject(error)),
        );
      };
      this.#watcher.on('change', check);
      this.#watcher.on('error', (error) => settle(() => reject(error)));
      void ended.then((end) => settle(() => reject(startFailure(end))));
      check();
    });
  }

  close(): void {
    this.#watcher.close();
  }

  async #count(): Promise<number> {
    const names = await readdir(this.#directory);
    return names.filter((name) => name.startsWith(`${SOCKET_PREFIX}-`)).length;
  }
}

function startFailure(end: ProcessEnd): SessionStartError {
  const lastLine = end.stderrTail.split('\n').at(-1)?.trim() ?? '';
  const detail = lastLine === '' ? '' : ` It said: ${lastLine}.`;
  return new SessionStartError(
    `A Python session could not be started: its process ${describeEnd(end)}.${detail} Check that the interpreter named by SLIPWAY_PYTHON has ipykernel.`,
    end,
  );
}

/** Thrown when a session's process ends, or takes too long, before it can be spoken to. */
export class SessionStartError extends Error {
  readonly code = 'SESSION_START';
  override readonly name = 'SessionStartError';

  constructor(
    message: string,
    /** How the process ended, with its standard error for the log. */
    readonly end?: ProcessEnd,
  ) {
    super(message);
  }
}
