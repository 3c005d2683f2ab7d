import { basename } from 'node:path';
import { type ConnectionInfo, Signer } from '../src/jupyter/index.js';
import type { LinkEnd, SessionLink } from '../src/session/index.js';
import { ExecutionCount } from './cell/execution-count.js';
import { CellQueue } from './cell/queue.js';
import { SessionCellRunner } from './cell/runner.js';
import { MagicCompleter } from './complete.js';
import { Dispatcher } from './dispatcher.js';
import { DropLog } from './drop-log.js';
import { Frontend } from './frontend.js';
import { InputDesk } from './input.js';
import { LoginDesk } from './login-desk.js';
import { Deadlines, Knowledge, KnownNames, OpenComms } from './meanwhile/index.js';
import { OwnRequests } from './own-requests.js';
import { Receiver } from './receive.js';
import { Relay } from './relay.js';
import { type OpenRequest, RequestLog } from './requests.js';
import { RestartNote } from './restart-note.js';
import { type SessionEvents, SessionKeeper } from './session-keeper.js';
import { SessionProfile } from './session-profile.js';
import { SessionSources } from './session-sources.js';
import { Outbox } from './sockets/outbox.js';
import { readSubscription } from './sockets/publisher.js';
import { ReplayGuard } from './sockets/replay-guard.js';
import { bindSockets, type KernelSockets } from './sockets/sockets.js';

/** A running kernel: its sockets, its clients' requests and its session. */
export class Kernel {
  /** Resolves when the kernel has ended: its session is closed and its last messages are sent. */
  readonly stopped: Promise<void>;
  readonly #outbox = new Outbox((isFull) => this.#onPressure(isFull));
  readonly #requests = new RequestLog();
  readonly #frontend: Frontend;
  readonly #own: OwnRequests;
  readonly #input: InputDesk;
  readonly #relay: Relay;
  readonly #sessions: SessionKeeper;
  readonly #cells: CellQueue;
  readonly #dispatcher: Dispatcher;
  readonly #names: KnownNames;
  readonly #comms = new OpenComms();
  readonly #drops = new DropLog((line) => this.log(line));
  #profile: SessionProfile | undefined;
  #stopping: Promise<void> | undefined;
  readonly #onStopped = Promise.withResolvers<void>();

  private constructor(
    connection: ConnectionInfo,
    private readonly sockets: KernelSockets,
    private readonly signer: Signer,
    private readonly log: (message: string) => void,
  ) {
    this.stopped = this.#onStopped.promise;
    this.#frontend = new Frontend(sockets, signer, this.#outbox, this.#requests);
    this.#own = new OwnRequests(this.#frontend.session, this.#frontend.username);
    this.#input = new InputDesk(this.#frontend);
    const onProblem = (error: Error) => this.log(error.message);
    this.#names = new KnownNames({
      own: this.#own,
      link: () => this.#sessions.openLink,
      subshell: async () => await this.#profile?.ready,
      isCellRunning: () => this.#cells.isRunning,
      onProblem,
    });
    const knowledge = new Knowledge({ names: this.#names, comms: this.#comms });
    this.#relay = new Relay(
      this.#frontend,
      this.#requests,
      this.#own,
      this.#input,
      knowledge,
      this.#comms,
    );
    const count = new ExecutionCount();
    const logins = new LoginDesk(this.#input, this.#frontend);
    const events = {
      onMessage: (channel, message) => this.#relay.fromSession(channel, message),
      onOpen: (link) => this.#onOpen(link),
      onEnd: (link, end) => this.#onEnd(link, end),
    } satisfies SessionEvents;
    const home = async () => (await import('../src/client/index.js')).dataDirectory(process.env);
    this.#sessions = new SessionKeeper(
      sessionName(),
      count,
      events,
      (question) => logins.ask(question),
      new RestartNote(home, connection),
    );
    const parts = {
      connection,
      frontend: this.#frontend,
      requests: this.#requests,
      relay: this.#relay,
      own: this.#own,
      input: this.#input,
      logins,
      sessions: this.#sessions,
      count,
      names: this.#names,
    };
    const sources = new SessionSources({
      own: this.#own,
      known: this.#names,
      sessions: this.#sessions,
      profile: () => this.#profile,
      isCellRunning: () => this.#cells.isRunning,
      onProblem: (error) => this.log(`For completion: ${error.message}`),
    });
    this.#cells = new CellQueue(new SessionCellRunner(parts), () => {
      this.#names.changed();
      sources.changed();
    });
    this.#dispatcher = new Dispatcher({
      ...parts,
      cells: this.#cells,
      completer: new MagicCompleter(sources),
      deadlines: new Deadlines({ frontend: this.#frontend, relay: this.#relay, knowledge }),
      profile: () => this.#profile,
      shutdown: (request, restart) => this.#shutdown(request, restart),
      onProblem,
    });
  }

  /**
   * Binds the sockets of a connection file and begins to answer. The session is started meanwhile;
   * when that fails, the first cell says so.
   * @param log told of what no client hears of.
   */
  static async start(connection: ConnectionInfo, log: (message: string) => void): Promise<Kernel> {
    const signer = new Signer(connection.key, connection.signature_scheme);
    const kernel = new Kernel(connection, await bindSockets(connection), signer, log);
    kernel.#serve();
    return kernel;
  }

  /** Interrupts the running cell, as `interrupt_request` does. */
  interrupt(): void {
    this.#cells.interrupt();
    const link = this.#sessions.openLink;
    if (link === undefined) return;
    this.#own
      .request(link, 'control', 'interrupt_request', {})
      .catch((error: Error) => this.log(`The session was not interrupted: ${error.message}`));
  }

  /**
   * Closes the session and the sockets. Idempotent.
   * @param options whether Jupyter starts another kernel in the place of this one.
   */
  stop(options = { restart: false }): Promise<void> {
    this.#stopping ??= this.#stop(options).finally(() => this.#onStopped.resolve());
    return this.#stopping;
  }

  #serve(): void {
    this.#frontend.publish('status', { execution_state: 'starting' });
    const receiver = new Receiver(this.signer, new ReplayGuard(), (error) =>
      this.#drops.dropped(error),
    );
    const { shell, control, stdin, iopub } = this.sockets;
    const readers = [
      receiver.read(shell, (received) =>
        this.#dispatcher.dispatch({ ...received, channel: 'shell' }),
      ),
      receiver.read(control, (received) =>
        this.#dispatcher.dispatch({ ...received, channel: 'control' }),
      ),
      receiver.read(stdin, ({ message }) => this.#input.answer(message, this.#sessions.openLink)),
      this.#welcome(iopub),
    ];
    for (const reader of readers) reader.catch((error: Error) => this.#onStopped.reject(error));
    this.#sessions
      .link()
      .catch((error: Error) => this.log(`No session could be started: ${error.message}`));
  }

  /** Greets each subscriber, so that it knows that it misses nothing from now on. */
  async #welcome(iopub: KernelSockets['iopub']): Promise<void> {
    for await (const frames of iopub) {
      const event = readSubscription(frames);
      if (event === undefined) continue;
      iopub.accept(event);
      if (event.kind === 'subscribe') this.#frontend.welcome(event.topic);
    }
  }

  #shutdown(request: OpenRequest, restart: boolean): void {
    const content = { status: 'ok', restart };
    this.#frontend.busy(request);
    this.#frontend.reply(request, content);
    this.#frontend.publish('shutdown_reply', content, request.message.header);
    this.#frontend.idle(request);
    void this.stop({ restart });
  }

  async #stop(options: { restart: boolean }): Promise<void> {
    this.#cells.clear();
    this.#drops.close();
    try {
      await this.#sessions.dispose(options);
    } catch (error) {
      this.log(`While the session was closed: ${(error as Error).message} Its lease ends it.`);
    }
    await this.#outbox.close();
    await this.sockets.close();
  }

  #onOpen(link: SessionLink): void {
    this.#profile = new SessionProfile(link, this.#own, (error) =>
      this.log(`The session did not say what it is: ${error.message}`),
    );
    this.#names.changed();
  }

  #onEnd(link: SessionLink, end: LinkEnd): void {
    if (end.reason !== 'closed') this.log(`The session's link has ended: ${end.message}`);
    this.#own.end(link, end);
    this.#relay.linkEnded(link, end);
    if (end.reason === 'lost') return;
    this.#comms.clear();
    this.#names.forget();
  }

  #onPressure(isFull: boolean): void {
    const link = this.#sessions.openLink;
    if (isFull) link?.pause();
    else link?.resume();
  }
}

/** The notebook's name where Jupyter tells it. */
function sessionName(): string {
  const path = process.env.JPY_SESSION_NAME;
  return path ? basename(path, '.ipynb') : 'Jupyter kernel';
}
