import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { announce, recordStop, withdraw } from './announcement.js';
import { ADMIN } from './auth/index.js';
import { CertificateReload, type TlsOptions } from './certificate.js';
import type { ServerConfig } from './config.js';
import type { ServerContext } from './context.js';
import type { DataDirectoryLock } from './data-directory.js';
import { type Listening, listen } from './listening.js';
import type { LogFile } from './log-file.js';
import type { Metrics } from './metrics/index.js';
import { SERVER_VERSION } from './version.js';

/** Folder of the data directory where snapshots are built to be read. */
export const MATERIALISED = 'materialised';
/** Milliseconds that running requests have to end by themselves when the server stops. */
const GRACE = 1000;
/** Milliseconds between collections of content that nothing refers to. */
const GARBAGE_INTERVAL = 60 * 60 * 1000;

/** A server, built but perhaps not listening yet. */
export interface SlipwayServer {
  /** Where it listens; empty before `listen`. */
  readonly url: string;
  readonly context: ServerContext;
  /** The password that `admin` was given by this start; undefined when the account had one. */
  readonly adminPassword: string | undefined;
  /** Sends a request without a network, for tests. */
  readonly inject: FastifyInstance['inject'];
  /** Listens, says where, and resumes the services. */
  listen(): Promise<void>;
  /**
   * Takes over what can change while it runs: the level of the log. It also opens the log file
   * again, and reads the certificate again.
   */
  reload(config: Pick<ServerConfig, 'logging'>): Promise<void>;
  /**
   * Ends all requests and processes and leaves the data directory. Idempotent.
   * @param options `keepSessions` leaves sessions running, for the next server on this directory.
   */
  close(options?: { readonly keepSessions?: boolean }): Promise<void>;
}

/** What a server is made of. */
export interface ServerParts {
  readonly context: ServerContext;
  readonly app: FastifyInstance;
  readonly lock: DataDirectoryLock;
  readonly adminPassword: string | undefined;
  /** What it began with. */
  readonly tls: TlsOptions | undefined;
  readonly metrics: Metrics | undefined;
  readonly logFile: LogFile | undefined;
}

/** A server with all of its parts. */
export class RunningServer implements SlipwayServer {
  readonly context: ServerContext;
  readonly adminPassword: string | undefined;
  readonly inject: FastifyInstance['inject'];
  readonly #app: FastifyInstance;
  readonly #lock: DataDirectoryLock;
  readonly #logFile: LogFile | undefined;
  readonly #metrics: Metrics | undefined;
  readonly #certificate: CertificateReload | undefined;
  #listening: Listening | undefined;
  #garbageTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor({ context, app, lock, adminPassword, tls, metrics, logFile }: ServerParts) {
    this.context = context;
    this.adminPassword = adminPassword;
    this.inject = app.inject.bind(app) as FastifyInstance['inject'];
    this.#app = app;
    this.#lock = lock;
    this.#logFile = logFile;
    this.#metrics = metrics;
    metrics?.watchState(context);
    if (context.config.https !== undefined && tls !== undefined) {
      this.#certificate = new CertificateReload(context.config.https, tls, {
        // With a certificate the application's server is one of TLS, which its type does not say.
        use: (next) => {
          (app.server as unknown as TlsServer).setSecureContext(next);
          metrics?.useCertificate(next);
        },
        log: context.log,
      });
    }
  }

  get url(): string {
    return this.#listening?.url ?? '';
  }

  async listen(): Promise<void> {
    const { config, log } = this.context;
    const metrics = await this.#metrics?.listen();
    this.#listening = await listen(this.#app, config);
    await announce(
      config.dataDirectory,
      {
        url: this.url,
        pid: process.pid,
        version: SERVER_VERSION,
        startedAt: new Date().toISOString(),
        embedded: config.embedded,
        ...(config.logging.file !== undefined && { log: config.logging.file }),
        ...(metrics !== undefined && { metrics }),
      },
      config.embedded && this.adminPassword !== undefined
        ? { username: ADMIN, password: this.adminPassword }
        : undefined,
    );
    log.info({ url: this.url, version: SERVER_VERSION, metrics }, 'The server listens.');
    this.#inBackground('What isolates sessions could not be found out.', () =>
      tellIsolation(this.context),
    );
    this.#inBackground('The services could not be resumed.', () => this.#resumeServices());
    this.#inBackground('The batches could not be resumed.', () => this.context.batches.resume());
    this.#collectGarbage();
    this.#garbageTimer = setInterval(() => this.#collectGarbage(), GARBAGE_INTERVAL);
    this.#garbageTimer.unref();
  }

  async reload({ logging }: Pick<ServerConfig, 'logging'>): Promise<void> {
    const { log } = this.context;
    log.level = logging.level;
    this.#logFile?.reopen();
    await this.#certificate?.reload();
    log.info({ level: logging.level }, 'The server has read its settings again.');
  }

  close({ keepSessions = false } = {}): Promise<void> {
    this.#closing ??= this.#close(keepSessions);
    return this.#closing;
  }

  async #close(keepSessions: boolean): Promise<void> {
    const { config, log, batches, services, sessions, compute, store } = this.context;
    this.context.phase.current = 'stopping';
    clearInterval(this.#garbageTimer);
    this.#certificate?.close();
    if (this.url !== '') {
      await withdraw(config.dataDirectory);
      const ended = keepSessions ? 0 : sessions.pool().active;
      const { running, waiting } = batches.load();
      const stop = {
        pid: process.pid,
        sessions: ended,
        services: services.load().live,
        batches: running + waiting,
      };
      await recordStop(config.dataDirectory, stop).catch((error: unknown) => {
        log.warn({ err: error }, 'What ends with the server could not be written down.');
      });
    }
    if (!keepSessions) sessions.dismiss();
    // It stops listening at once and resolves when the last request has its answer.
    const requestsEnded = Promise.all([this.#app.close(), this.#listening?.further.close()]);
    await settled(requestsEnded, GRACE);
    await batches.close();
    // Requests that wait for a session or a service get their answer from its end.
    await services.close();
    await sessions.close({ keep: keepSessions });
    await compute.close();
    await settled(requestsEnded, GRACE);
    this.#app.server.closeAllConnections();
    this.#listening?.further.destroy();
    await requestsEnded;
    await this.#metrics?.close();
    this.context.audit?.close();
    await store.close();
    await rm(join(config.dataDirectory, MATERIALISED), { recursive: true, force: true });
    this.#lock.release();
    log.info('The server has stopped.');
    this.#logFile?.flush();
  }

  async #resumeServices(): Promise<void> {
    const { services, phase } = this.context;
    try {
      await services.resume();
    } finally {
      // Whatever did not come back answers for itself; all else is served.
      if (phase.current === 'starting') phase.current = 'ready';
    }
  }

  #collectGarbage(): void {
    this.#inBackground('Unused content could not be removed.', async () => {
      await this.context.batches.expire();
      const removed = await this.context.store.collectGarbage();
      if (removed > 0) {
        this.context.log.info({ removed }, 'Removed content that nothing refers to.');
      }
    });
  }

  /** Runs what nobody waits for; a failure goes to the log. */
  #inBackground(failure: string, task: () => unknown): void {
    Promise.resolve()
      .then(task)
      .catch((error: unknown) => {
        if (this.#closing === undefined) {
          this.context.log.error({ err: error }, failure);
        }
      });
  }
}

/** Says in the log what keeps sessions from each other, and warns where nothing does. */
async function tellIsolation({ compute, config, log }: ServerContext): Promise<void> {
  const { kind, protects, reason } = await compute.isolation();
  if (protects === 'nothing' && !config.embedded) {
    log.warn({ isolation: kind }, `Sessions are not isolated from each other. ${reason}`);
  } else {
    log.info({ isolation: kind, protects }, `The isolation of sessions is ${kind}. ${reason}`);
  }
}

/** Waits until a promise is settled, or for so many milliseconds. */
async function settled(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise.then(ignore, ignore), timeout]);
  clearTimeout(timer);
}

function ignore(): void {}
