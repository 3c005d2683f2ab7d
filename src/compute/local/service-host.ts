import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { JsonValue } from '../../api/index.js';
import type { ProcessEnd, ServiceDefinition, ServiceHost, ServiceWorker } from '../types.js';
import { type ChildGroup, describeEnd, startChild } from './child-process.js';
import type { Enclosure, Isolation, Needs } from './isolation/index.js';
import {
  createRuntimeDirectory,
  ensurePrivateDirectory,
  removeDirectory,
} from './runtime-directory.js';
import { ControlChannel, type HostMessage } from './service-control.js';
import { ServiceLoadError, WorkerStartError } from './service-errors.js';
import { type Frame, FrameDecoder } from './service-frames.js';
import { isSameNonce, parseGreeting } from './service-greeting.js';
import { LocalServiceWorker } from './service-worker.js';
import type { LocalSettings } from './settings.js';

/** Milliseconds to restore a snapshot, or to run a service's `initCode`. */
const LOAD_DEADLINE = 5 * 60_000;
/** Milliseconds that a host has to end its workers and itself. */
const CLOSE_GRACE = 2_000;
/** Bytes of a worker's greeting. */
const MAX_GREETING = 64 * 1024;

/** Where a service host lives. */
export interface HostPlaces {
  readonly settings: LocalSettings;
  readonly isolation: Isolation;
  /** Parent of the directories with sockets. */
  readonly runtimeBase: string;
  /** Parent of the working directories. */
  readonly workBase: string;
}

/** A worker that was ordered and has not greeted yet. */
interface Expected {
  readonly nonce: string;
  readonly resolve: (worker: ServiceWorker) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Starts the process that restores a service and forks its workers.
 * @throws {ServiceLoadError} when the snapshot or the code cannot be loaded
 */
export async function startServiceHost(
  definition: ServiceDefinition,
  places: HostPlaces,
): Promise<ServiceHost> {
  const { isolation, settings } = places;
  const name = `service-${randomBytes(8).toString('hex')}`;
  const work = join(places.workBase, name);
  const files = join(work, 'files');
  await ensurePrivateDirectory(work);
  await ensurePrivateDirectory(files);
  const runtimeDirectory = await createRuntimeDirectory(places.runtimeBase);
  const { snapshotDirectory } = definition;
  const needs: Needs = {
    ...{ name, workDirectory: files, writable: [work, files], outlivesServer: false },
    readable: [runtimeDirectory, ...(snapshotDirectory === null ? [] : [snapshotDirectory])],
  };
  let enclosure: Enclosure | undefined;
  const discard = async () => {
    await enclosure?.discard();
    await Promise.all([work, runtimeDirectory].map(removeDirectory));
  };
  let group: ChildGroup | undefined;
  try {
    const listener = createServer();
    const socketPath = join(runtimeDirectory, 'w');
    listener.listen(socketPath);
    await once(listener, 'listening');
    enclosure = await isolation.enclose(needs);
    await enclosure.give(socketPath);
    const args = [join(settings.pythonPath, 'slipway_worker', '__main__.py')];
    group = await startChild({
      ...(await isolation.launch(args, needs, enclosure)),
      stdio: 'pipe',
    });
    const host = new LocalServiceHost(group, listener, socketPath, work, discard);
    await host.load(definition);
    return host;
  } catch (error) {
    await group?.kill();
    await discard();
    throw error;
  }
}

/** A service host that runs as a child process of the server. */
class LocalServiceHost implements ServiceHost {
  report: { readonly [key: string]: JsonValue } = {};
  readonly ended: Promise<ProcessEnd>;
  readonly #group: ChildGroup;
  readonly #control: ControlChannel;
  readonly #listener: Server;
  readonly #socketPath: string;
  readonly #work: string;
  readonly #discard: () => Promise<void>;
  readonly #loaded = Promise.withResolvers<HostMessage & { op: 'loaded' }>();
  readonly #expected = new Map<string, Expected>();
  readonly #workers = new Map<string, LocalServiceWorker>();
  #ordered = 0;
  #isAlive = true;
  #closed: Promise<void> | undefined;

  constructor(
    group: ChildGroup,
    listener: Server,
    socketPath: string,
    work: string,
    discard: () => Promise<void>,
  ) {
    this.#group = group;
    this.#listener = listener;
    this.#socketPath = socketPath;
    this.#work = work;
    this.#discard = discard;
    // A host that breaks the protocol, or whose pipes break, is done for.
    const fail = () => void group.kill();
    this.#control = new ControlChannel(
      group.stdout,
      group.stdin,
      (message) => this.#receive(message),
      fail,
    );
    listener.on('connection', (socket) => this.#accept(socket));
    this.ended = group.ended;
    void group.ended.then((end) => this.#hasEnded(end));
    this.#loaded.promise.catch(() => undefined);
  }

  get pid(): number {
    return this.#group.pid;
  }

  /** Has the service restored. @throws {ServiceLoadError} */
  async load(definition: ServiceDefinition): Promise<void> {
    this.#control.send({
      op: 'load',
      service: definition.label,
      directory: definition.snapshotDirectory,
      code: definition.code,
      initCode: definition.initCode,
      inputs: definition.inputs.map(({ name, type }) => ({ name, type })),
      outputs: definition.outputs.map(({ name, type }) => ({ name, type })),
      outputFileNames: [...definition.outputFileNames],
    });
    const { op: _, ...report } = await withDeadline(
      this.#loaded.promise,
      () =>
        new ServiceLoadError(
          `${definition.label} was not restored within ${LOAD_DEADLINE / 60_000} minutes. Publish it with a smaller snapshot.`,
        ),
    );
    this.report = report as { [key: string]: JsonValue };
  }

  async startWorker(): Promise<ServiceWorker> {
    if (!this.#isAlive) throw new WorkerStartError('The host of the workers has ended.');
    this.#ordered += 1;
    const worker = `w${this.#ordered}`;
    const nonce = randomBytes(32).toString('hex');
    const { promise, resolve, reject } = Promise.withResolvers<ServiceWorker>();
    this.#expected.set(worker, { nonce, resolve, reject });
    this.#control.send({
      op: 'fork',
      worker,
      socket: this.#socketPath,
      nonce,
      directory: join(this.#work, worker),
    });
    try {
      return await withDeadline(
        promise,
        () =>
          new ServiceLoadError(
            `A worker was not ready within ${LOAD_DEADLINE / 60_000} minutes. Shorten the initCode of the service.`,
          ),
      );
    } catch (error) {
      this.#expected.delete(worker);
      this.#control.send({ op: 'kill', worker });
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#control.end();
    const timer = setTimeout(() => this.#group.signal('SIGKILL'), CLOSE_GRACE);
    await this.ended;
    clearTimeout(timer);
    await this.#discard();
  }

  #receive(message: HostMessage): void {
    switch (message.op) {
      case 'loaded':
        this.#loaded.resolve(message);
        break;
      case 'failed':
        this.#loaded.reject(new ServiceLoadError(message.message));
        break;
      case 'forked':
        break;
      case 'fork_failed':
        this.#refuse(message.worker, `could not be forked: ${message.message}`);
        break;
      case 'exited':
        this.#workerExited(message.worker, {
          status: message.status ?? null,
          signal: message.signal ?? null,
          stderrTail: '',
        });
        break;
    }
  }

  #workerExited(id: string, end: ProcessEnd): void {
    this.#workers.get(id)?.hasEnded(end);
    this.#workers.delete(id);
    this.#refuse(id, `${describeEnd(end)} before it was ready`);
    const directory = join(this.#work, id);
    for (const path of [directory, `${directory}.kept`]) {
      // What cannot be removed now goes with the host's directory.
      void removeDirectory(path).catch(() => undefined);
    }
  }

  #refuse(id: string, what: string): void {
    const expected = this.#expected.get(id);
    this.#expected.delete(id);
    expected?.reject(new WorkerStartError(`A worker ${what}.`));
  }

  #hasEnded(end: ProcessEnd): void {
    this.#isAlive = false;
    this.#listener.close();
    this.#loaded.reject(
      new ServiceLoadError(
        `The process that restores the service ${describeEnd(end)}.${lastLine(end)} An object of its snapshot may do that; publish it without.`,
      ),
    );
    for (const id of [...this.#expected.keys()]) this.#refuse(id, 'lost its host');
    for (const worker of this.#workers.values()) worker.hasEnded(end);
    this.#workers.clear();
  }

  /** Takes the connection of a worker that was ordered, and of nobody else. */
  #accept(socket: Socket): void {
    const decoder = new FrameDecoder();
    let worker: LocalServiceWorker | undefined;
    let received = 0;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      for (const frame of decoder.push(chunk)) {
        if (worker !== undefined) {
          worker.receive(frame);
          continue;
        }
        worker = this.#greet(frame, socket);
        if (worker === undefined) {
          socket.destroy();
          return;
        }
      }
      received += chunk.byteLength;
      if (worker === undefined && received > MAX_GREETING) socket.destroy();
    });
  }

  #greet(frame: Frame, socket: Socket): LocalServiceWorker | undefined {
    const greeting = parseGreeting(frame);
    const expected = greeting && this.#expected.get(greeting.worker);
    if (greeting === undefined || expected === undefined) return undefined;
    if (!isSameNonce(greeting.nonce, expected.nonce)) return undefined;
    this.#expected.delete(greeting.worker);
    if (greeting.failure !== null) {
      expected.reject(new ServiceLoadError(greeting.failure.message));
      return undefined;
    }
    const worker = new LocalServiceWorker(greeting.pid, socket, () =>
      this.#control.send({ op: 'kill', worker: greeting.worker }),
    );
    this.#workers.set(greeting.worker, worker);
    expected.resolve(worker);
    return worker;
  }
}

function lastLine(end: ProcessEnd): string {
  const line = end.stderrTail.split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : ` It said: ${line}.`;
}

async function withDeadline<T>(promise: Promise<T>, error: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(error()), LOAD_DEADLINE);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
