import type { Duplex } from 'node:stream';
import type { JsonValue, ParameterDefinition } from '../api/index.js';
import type { IsolationReport } from './local/isolation/index.js';

/** How a process ended: an exit status or the signal that killed it. */
export interface ProcessEnd {
  readonly status: number | null;
  readonly signal: string | null;
  /** The last lines that it wrote to its standard error, for messages to the administrator. */
  readonly stderrTail: string;
}

/** A file in the working directory of a session; the path is relative, with `/` between parts. */
export interface WorkFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Where Python runs. `local` starts child processes; a cluster backend comes later, so nothing
 * that uses this interface may assume that a process is on this machine.
 */
export interface Compute {
  /**
   * Starts one session: an ipykernel with a working directory of its own. Resolves when it can be
   * connected with.
   * @throws {SessionStartError} when the process ends or the time is up before that.
   */
  startSession(id: string): Promise<SessionProcess>;
  /** The sessions that a server before this one has started and that still run. */
  survivingSessions(): Promise<readonly SurvivingSession[]>;
  /**
   * Starts the process that restores a service's snapshot once and forks its workers.
   * @throws {ServiceLoadError} when the snapshot or the code cannot be loaded; the message is for
   *   the publisher.
   */
  startService(definition: ServiceDefinition): Promise<ServiceHost>;
  /** Loads a snapshot in a clean process and tells which of its objects come back. */
  verifySnapshot(directory: string): Promise<readonly VerifiedObject[]>;
  /**
   * What keeps sessions and services from what is not theirs.
   * @throws {IsolationUnavailableError} when what was asked for is not possible
   */
  isolation(): Promise<IsolationReport>;
  /** Ends every process that it started, but for sessions that were released. Idempotent. */
  close(): Promise<void>;
}

/** What the server notes with a session, to know it again after its own end. */
export type SessionNote = { readonly [key: string]: JsonValue };

export interface SurvivingSession {
  readonly process: SessionProcess;
  /** What was noted last; empty when nothing was. */
  readonly label: SessionNote;
}

/** A running session process. */
export interface SessionProcess {
  readonly id: string;
  readonly pid: number;
  /**
   * Connects with the session, which takes one connection at a time and speaks as
   * `python/slipway_session/wire` says.
   * @param receive called with what comes, in place of the stream's `data` events. The bytes are
   *   the receiver's until it returns: the next ones take their place.
   * @throws {SessionUnreachableError} when its process is gone.
   */
  connect(receive: (chunk: Buffer) => void): Promise<Duplex>;
  readonly files: WorkFiles;
  /** Resolves once, when the process is gone. */
  readonly ended: Promise<ProcessEnd>;
  /** Interrupts the running cell and its children, as Ctrl-C would. */
  interrupt(): Promise<void>;
  /** Notes something with the session, in place of what was noted before. */
  label(note: SessionNote): Promise<void>;
  /** Leaves the process running when this server ends. */
  release(): void;
  /** Ends the process and its children and removes its working directory. Idempotent. */
  terminate(): Promise<void>;
}

/** The working directory of a session. Every path is checked: nothing outside is reachable. */
export interface WorkFiles {
  /** Names of the regular files at the top of the directory and below it, sorted. */
  list(): Promise<readonly WorkFile[]>;
  /** @throws {FileNotFoundError} or {UnsafePathError} */
  read(path: string): Promise<NodeJS.ReadableStream>;
  /** Writes the file whole or not at all. @throws {UnsafePathError} */
  write(path: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** @throws {FileNotFoundError} or {UnsafePathError} */
  remove(path: string): Promise<void>;
  /** A new empty directory that the session can write to, for a snapshot. */
  createStaging(): Promise<StagingDirectory>;
  /** A new empty directory that the session can read once it is delivered, and not change. */
  createDelivery(): Promise<Delivery>;
}

/** A directory for one purpose, apart from the working directory. */
export interface StagingDirectory {
  /** Absolute path. */
  readonly directory: string;
  /**
   * What the session has left there, where it cannot change it any more.
   * @returns absolute path of a directory; it goes with this one
   * @throws {UnsafeContentError} when something else than folders and files is in it
   */
  seal(): Promise<string>;
  /** Removes it with what is left in it. Idempotent. */
  release(): Promise<void>;
}

/** A directory that the server fills for a session. */
export interface Delivery {
  /** Absolute path. */
  readonly directory: string;
  /** Lets the session read what is in it now. */
  deliver(): Promise<void>;
  /** Removes it with what is left in it. Idempotent. */
  release(): Promise<void>;
}

/** What a service version needs to run; frozen when it is published. */
export interface ServiceDefinition {
  /** `name/version`, for messages. */
  readonly label: string;
  readonly code: string;
  readonly initCode: string | null;
  readonly inputs: readonly ParameterDefinition[];
  readonly outputs: readonly ParameterDefinition[];
  readonly outputFileNames: readonly string[];
  /** Directory of the materialised snapshot, or null for a service without one. */
  readonly snapshotDirectory: string | null;
}

/** A loaded service: forks workers that answer requests. */
export interface ServiceHost {
  readonly pid: number;
  /** What became of the snapshot's objects, and versions of packages. */
  readonly report: { readonly [key: string]: JsonValue };
  /** Resolves when the loading process is gone; its workers end with it. */
  readonly ended: Promise<ProcessEnd>;
  /** Forks one worker, connected and ready. */
  startWorker(): Promise<ServiceWorker>;
  close(): Promise<void>;
}

/** One warm worker process. It runs requests one at a time, in the order they were sent. */
export interface ServiceWorker {
  readonly pid: number;
  /**
   * Sends a request's JSON body and calls back with the answer's JSON bytes, or with an error
   * when the worker dies first.
   */
  send(body: Uint8Array, callback: (error: Error | null, answer: Buffer) => void): void;
  readonly ended: Promise<ProcessEnd>;
  kill(): void;
}

/** What became of one object when its snapshot was loaded in a clean process. */
export interface VerifiedObject {
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}
