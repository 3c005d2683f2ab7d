import { readdir } from 'node:fs/promises';
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
import { ensurePrivateDirectory, removeDirectory, runtimeBase } from './runtime-directory.js';
import { startServiceHost } from './service-host.js';
import { findSessionProcess, type LocalSession, startSessionProcess } from './session.js';
import type { LocalSettings } from './settings.js';
import { verifySnapshot } from './verify.js';

export { describeEnd, ProcessStartError } from './child-process.js';
export { ServiceLoadError, WorkerEndedError, WorkerStartError } from './service-errors.js';
export { SessionStartError, SessionUnreachableError } from './session-errors.js';
export type { LocalSettings } from './settings.js';
export { FileNotFoundError, UnsafePathError } from './work-files.js';

/** What {@link LocalCompute} started and has to end. */
interface Running {
  readonly ended: Promise<ProcessEnd>;
  stop(): Promise<void>;
}

/** Runs sessions and services as child processes of the server. */
export class LocalCompute implements Compute {
  readonly #settings: LocalSettings;
  readonly #runtimeBase: string;
  readonly #work: string;
  readonly #staging: string;
  readonly #running = new Set<Running>();
  #survivors: readonly SurvivingSession[] = [];
  #closed = false;

  private constructor(settings: LocalSettings) {
    this.#settings = settings;
    this.#runtimeBase = runtimeBase(settings.dataDirectory);
    this.#work = join(settings.dataDirectory, 'work');
    this.#staging = join(settings.dataDirectory, 'staging');
  }

  /**
   * Prepares the data directory, which only one server uses at a time: finds the sessions that a
   * server before this one has left running, and removes what others have left.
   */
  static async create(settings: LocalSettings): Promise<LocalCompute> {
    const compute = new LocalCompute(settings);
    const bases = [compute.#runtimeBase, compute.#work, compute.#staging];
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
    return compute;
  }

  async startSession(id: string): Promise<SessionProcess> {
    this.#assertOpen();
    const session = await startSessionProcess(
      id,
      this.#settings,
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
      runtimeBase: this.#runtimeBase,
      workBase: this.#work,
    });
    await this.#track({ ended: host.ended, stop: () => host.close() });
    return host;
  }

  verifySnapshot(directory: string): Promise<readonly VerifiedObject[]> {
    this.#assertOpen();
    return verifySnapshot(this.#settings, directory);
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
        findSessionProcess(join(this.#runtimeBase, name), (id) => this.#placesOf(id)),
      ),
    );
    return found.filter((session) => session !== undefined);
  }

  #placesOf(id: string): { workDirectory: string; stagingDirectory: string } {
    return { workDirectory: join(this.#work, id), stagingDirectory: join(this.#staging, id) };
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
