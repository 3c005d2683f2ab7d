import { mkdir, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  Compute,
  ProcessEnd,
  ServiceDefinition,
  ServiceHost,
  SessionNote,
  SessionProcess,
  SurvivingSession,
  VerifiedObject,
} from '../types.js';
import { Isolation, type IsolationReport } from './isolation/index.js';
import { ensurePrivateDirectory, removeDirectory, runtimeBase } from './runtime-directory.js';
import { startServiceHost } from './service-host.js';
import { findSessionProcess, type LocalSession, startSessionProcess } from './session.js';
import type { LocalSettings } from './settings.js';
import { verifySnapshot } from './verify.js';
import type { WorkPlaces } from './work-files.js';

export { describeEnd, ProcessStartError } from './child-process.js';
export {
  type IsolationKind,
  type IsolationReport,
  type IsolationSettings,
  IsolationUnavailableError,
} from './isolation/index.js';
export { UnsafeContentError } from './sealed-copy.js';
export { ServiceLoadError, WorkerEndedError, WorkerStartError } from './service-errors.js';
export { SessionStartError, SessionUnreachableError } from './session-errors.js';
export type { LocalSettings } from './settings.js';
export { FileNotFoundError, UnsafePathError } from './work-files.js';

/** Folders of the data directory, most of which hold a folder for each process. */
type Folders = Readonly<Record<'work' | 'staging' | 'inbox' | 'sealed' | 'scratch', string>>;

/** What {@link LocalCompute} started and has to end. */
interface Running {
  readonly ended: Promise<ProcessEnd>;
  stop(): Promise<void>;
}

/** Runs sessions and services as child processes of the server. */
export class LocalCompute implements Compute {
  readonly #settings: LocalSettings;
  readonly #runtimeBase: string;
  readonly #folders: Folders;
  readonly #isolation: Isolation;
  readonly #running = new Set<Running>();
  #survivors: readonly SurvivingSession[] = [];
  #closed = false;

  private constructor(settings: LocalSettings) {
    this.#settings = settings;
    this.#runtimeBase = runtimeBase(settings.dataDirectory);
    const folder = (name: string) => join(settings.dataDirectory, name);
    this.#folders = {
      work: folder('work'),
      staging: folder('staging'),
      inbox: folder('inbox'),
      sealed: folder('sealed'),
      scratch: folder('scratch'),
    };
    const isInside = this.#runtimeBase.startsWith(`${settings.dataDirectory}/`);
    const hidden = [settings.dataDirectory, ...(isInside ? [] : [this.#runtimeBase])];
    this.#isolation = new Isolation(settings, hidden);
  }

  /**
   * Prepares the data directory, which only one server uses at a time: finds the sessions that a
   * server before this one has left running, and removes what others have left.
   * @throws {IsolationUnavailableError} when an isolation was asked for that is not possible
   */
  static async create(settings: LocalSettings): Promise<LocalCompute> {
    await mkdir(settings.dataDirectory, { recursive: true, mode: 0o700 });
    // Processes are shown folders by their real paths.
    const dataDirectory = await realpath(settings.dataDirectory);
    const compute = new LocalCompute({ ...settings, dataDirectory });
    const bases = [compute.#runtimeBase, ...Object.values(compute.#folders)];
    for (const base of bases) await ensurePrivateDirectory(base);
    const survivors = await compute.#findSurvivors();
    const kept = new Set(survivors.flatMap(({ process }) => [process.directoryName, process.id]));
    for (const base of bases) {
      const leftovers = (await readdir(base)).filter((name) => !kept.has(name));
      // One that cannot be removed now, as for want of rights, must not keep the server from starting.
      await Promise.allSettled(leftovers.map((name) => removeDirectory(join(base, name))));
    }
    for (const { process } of survivors) await compute.#trackSession(process);
    compute.#survivors = survivors;
    // Where it is left to us, the first process that is started finds out.
    if (settings.isolation.mode !== 'auto') await compute.isolation();
    return compute;
  }

  async startSession(id: string): Promise<SessionProcess> {
    this.#assertOpen();
    const session = await startSessionProcess(
      id,
      this.#settings,
      this.#isolation,
      this.#runtimeBase,
      this.#placesOf(id),
    );
    await this.#trackSession(session);
    return session;
  }

  async survivingSessions(): Promise<readonly SurvivingSession[]> {
    return this.#survivors;
  }

  async startService(definition: ServiceDefinition): Promise<ServiceHost> {
    this.#assertOpen();
    const host = await startServiceHost(definition, {
      settings: this.#settings,
      isolation: this.#isolation,
      runtimeBase: this.#runtimeBase,
      workBase: this.#folders.work,
    });
    await this.#track({ ended: host.ended, stop: () => host.close() });
    return host;
  }

  verifySnapshot(directory: string): Promise<readonly VerifiedObject[]> {
    this.#assertOpen();
    return verifySnapshot(this.#settings, this.#isolation, directory);
  }

  isolation(): Promise<IsolationReport> {
    return this.#isolation.report();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running].map((running) => running.stop()));
  }

  /** Remembers a process until it ends; one that finished starting during close is stopped. */
  async #track(running: Running): Promise<void> {
    this.#running.add(running);
    void running.ended.then(() => this.#running.delete(running));
    if (this.#closed) {
      await running.stop();
      this.#assertOpen();
    }
  }

  #trackSession(session: LocalSession): Promise<void> {
    const stop = async () => {
      if (!session.isReleased) await session.terminate();
    };
    return this.#track({ ended: session.ended, stop });
  }

  async #findSurvivors(): Promise<{ process: LocalSession; label: SessionNote }[]> {
    const found = await Promise.all(
      (await readdir(this.#runtimeBase)).map((name) =>
        findSessionProcess(join(this.#runtimeBase, name), this.#isolation, (id) =>
          this.#placesOf(id),
        ),
      ),
    );
    return found.filter((session) => session !== undefined);
  }

  #placesOf(id: string): WorkPlaces {
    const { work, staging, inbox, sealed } = this.#folders;
    return {
      workDirectory: join(work, id),
      stagingDirectory: join(staging, id),
      inboxDirectory: join(inbox, id),
      sealedDirectory: sealed,
    };
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new ComputeClosedError('The server is shutting down; try again when it is back.');
    }
  }
}

/** Thrown when a process is asked for after the server began to shut down. */
export class ComputeClosedError extends Error {
  readonly code = 'COMPUTE_CLOSED';
  override readonly name = 'ComputeClosedError';
}
