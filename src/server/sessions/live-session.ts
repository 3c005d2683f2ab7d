import type { Logger } from 'pino';
import type {
  CreateSnapshotRequest,
  ExecuteRequest,
  Session,
  SessionDetails,
} from '../../api/index.js';
import type { Compute } from '../../compute/index.js';
import type { SnapshotRecord, Snapshots } from '../snapshots/index.js';
import { CLOSE_CODES } from './channel-connection.js';
import { type Arrival, ChannelHub } from './channel-hub.js';
import { SessionConsole } from './console-log.js';
import type { SessionGoneError } from './errors.js';
import { Lease, type LeaseTerms } from './lease.js';
import { assertObjectName } from './object-names.js';
import { executeCode } from './rest-execution.js';
import type { RunningKernel } from './running-kernel.js';
import { SessionFiles } from './session-files.js';
import { type AskOptions, askHelper, type HelperAnswer } from './session-helper.js';
import { loadSnapshot, saveSnapshot } from './session-snapshots.js';
import * as workspace from './workspace.js';

/** What a server has to know of a session that one before it has started. */
export interface SessionLabel {
  readonly name: string;
  readonly owner: string;
  /** When it was created; ISO 8601. */
  readonly created: string;
  /** Seconds that it lives on when nobody uses it, where its owner has set them. */
  readonly lease?: number;
}

export interface LiveSessionOptions {
  readonly id: string;
  readonly label: SessionLabel;
  readonly lease: LeaseTerms;
  readonly compute: Compute;
  readonly snapshots: Snapshots;
  readonly log: Logger;
}

/** A user's session: a Python process that keeps what is defined in it from call to call. */
export class LiveSession {
  readonly id: string;
  readonly owner: string;
  readonly files: SessionFiles;
  readonly #options: LiveSessionOptions;
  readonly #kernel: RunningKernel;
  readonly #console = new SessionConsole();
  readonly #hub: ChannelHub;
  readonly #lease: Lease;

  constructor(options: LiveSessionOptions, kernel: RunningKernel) {
    this.id = options.id;
    this.owner = options.label.owner;
    this.#options = options;
    this.#kernel = kernel;
    this.files = new SessionFiles(kernel);
    const { lease } = options.label;
    const terms = lease === undefined ? options.lease : fixedTerms(lease);
    this.#lease = new Lease(terms, (reason) => void kernel.kill(reason));
    if (kernel.client.hello.attended) this.#lease.attend();
    const greeting = { sessionId: this.id, python: kernel.client.hello.python };
    this.#hub = new ChannelHub(kernel.client, greeting, options.lease.afterDetach, {
      attached: () => this.#lease.attach(),
      detached: () => this.#lease.detach(),
    });
    kernel.client.listen({
      relayed: (incoming) => this.#hub.relay(incoming),
      published: (incoming) => this.#console.accept(incoming),
      runningChanged: (running) => (running ? this.#lease.hold() : this.#lease.release()),
      kept: (incoming) => this.#hub.skip(incoming),
      passed: () => this.#hub.settle(),
      received: (links) => this.#hub.confirm(links),
      resumed: (links) => this.#hub.rewind(links),
      dropped: (error) => options.log.warn({ session: this.id, err: error }, 'Message dropped.'),
    });
    void kernel.ended.then((gone) => {
      this.#lease.end();
      this.#hub.close(CLOSE_CODES.sessionEnded, gone.reason);
    });
  }

  /** Resolves with the reason when the session is gone. Never rejects. */
  get ended(): Promise<SessionGoneError> {
    return this.#kernel.ended;
  }

  get pythonVersion(): string {
    return this.#kernel.client.hello.python;
  }

  /** As the wire shows it. */
  describe(): Session {
    const { id, label } = this.#options;
    const { name, owner } = label;
    return { id, name, owner, runtimeType: 'Python' };
  }

  /** The same, with who uses it and how long it lives on unused. */
  details(): SessionDetails {
    const { left } = this.#lease;
    return {
      ...this.describe(),
      created: this.#options.label.created,
      state: this.#kernel.client.isRunning ? 'running' : 'idle',
      attached: this.#hub.attached(),
      lease: Math.round(this.#lease.length / 1000),
      leaseLeft: left === undefined ? null : Math.ceil(left / 1000),
    };
  }

  /** Sets how many seconds the session lives on when nobody uses it. */
  async setLease(seconds: number): Promise<void> {
    this.#lease.setTerms(fixedTerms(seconds));
    const label = { ...this.#options.label, lease: seconds };
    await this.#kernel.whileThere(() => this.#kernel.process.label(label));
  }

  /** Runs code with inputs and outputs; see {@link executeCode}. */
  execute(request: ExecuteRequest, body: Uint8Array): Promise<string> {
    return this.#use(() => executeCode(this.#kernel.client, this.#console, request, body));
  }

  /** Interrupts what runs, as Ctrl-C would. Answers with a sentence. */
  async cancel(): Promise<string> {
    if (!this.#kernel.client.isRunning) return 'Nothing is running in the session.';
    await this.#kernel.process.interrupt();
    return 'The running code was interrupted; the session lives on.';
  }

  /** What the execution that runs, or the last one, has printed. */
  consoleOutput(): string {
    return this.#console.current.text();
  }

  /** The source of each execution, oldest first. Waits behind running code. */
  async history(): Promise<string[]> {
    const { content } = await this.#use(() =>
      this.#kernel.client.request('shell', 'history_request', {
        hist_access_type: 'range',
        // 0 is the current session; its first line of input has number 1.
        session: 0,
        start: 1,
        raw: true,
        output: false,
      }),
    );
    const entries: unknown[] = Array.isArray(content.history) ? content.history : [];
    return entries.map((entry) => (Array.isArray(entry) ? String(entry[2]) : ''));
  }

  /** Asks the helper inside of the session; see {@link askHelper}. */
  ask(op: string, args: object = {}, options?: AskOptions): Promise<HelperAnswer> {
    return this.#use(() => askHelper(this.#kernel.client, op, args, options));
  }

  /** Names in the workspace, sorted; answered while code runs. */
  workspaceNames(): Promise<string[]> {
    return workspace.listNames(this);
  }

  /** One object's pickle. @throws {ObjectNotFoundError} or {ObjectTransferError} */
  workspaceObject(name: string): Promise<Uint8Array> {
    assertObjectName(name);
    return workspace.getObject(this, name);
  }

  /** Sets an object from its pickle. @throws {ObjectTransferError} */
  setWorkspaceObject(name: string, pickle: Uint8Array): Promise<void> {
    assertObjectName(name);
    return workspace.setObject(this, name, pickle);
  }

  /** @throws {ObjectNotFoundError} */
  deleteWorkspaceObject(name: string): Promise<void> {
    assertObjectName(name);
    return workspace.deleteObject(this, name);
  }

  /** Saves the workspace and the files as a snapshot of the owner's. */
  snapshot(request: CreateSnapshotRequest): Promise<SnapshotRecord> {
    const { compute, snapshots } = this.#options;
    return this.#use(() =>
      saveSnapshot(this, request, { compute, snapshots, files: this.#kernel.process.files }),
    );
  }

  /** Merges a snapshot into the workspace and the files. */
  loadSnapshot(record: SnapshotRecord): Promise<void> {
    const { snapshots } = this.#options;
    const { files } = this.#kernel.process;
    return this.#use(() => loadSnapshot(this, record, { snapshots, files }));
  }

  /** Attaches a kernel's WebSocket, which is open, for Jupyter messages both ways. */
  attach(arrival: Arrival): void {
    this.#hub.attach(arrival);
  }

  /** Ends the session. By force it gets no time to run its exit handlers. Idempotent. */
  remove({ force, reason }: { force: boolean; reason?: string }): Promise<void> {
    return force ? this.#kernel.kill(reason) : this.#kernel.close(reason);
  }

  /** Takes what the session sends; resolves when what it had sent before has come. */
  begin(): Promise<void> {
    return this.#kernel.client.begin();
  }

  /** Tells the attached kernels that the session is about to end, and why. */
  dismiss(reason: string): void {
    this.#hub.close(CLOSE_CODES.sessionEnded, reason);
  }

  /** Leaves the session to the next server: it lives on, and its kernels wait. */
  release(): void {
    this.#lease.end();
    this.#kernel.release();
  }

  /** Does something that counts as a use of the session. */
  async #use<T>(action: () => Promise<T>): Promise<T> {
    this.#lease.hold();
    try {
      return await this.#kernel.whileThere(action);
    } finally {
      this.#lease.release();
    }
  }
}

function fixedTerms(seconds: number): LeaseTerms {
  return { afterDetach: seconds * 1000, idle: seconds * 1000 };
}
