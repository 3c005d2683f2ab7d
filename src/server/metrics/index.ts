/** Prometheus metrics, on a port of their own. Loaded only where they are configured. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { TlsOptions } from '../certificate.js';
import type { MetricsConfig } from '../config.js';
import type { ServerContext } from '../context.js';
import { listenOn, reachableHost } from '../listening.js';
import { measureRequests } from './request-metrics.js';
import { measureState } from './state-metrics.js';

/** Measures one server, and tells who may know. */
export class Metrics {
  readonly #config: MetricsConfig;
  readonly #scheme: 'http' | 'https';
  readonly #registry = new Registry();
  readonly #server: Server | TlsServer;
  readonly #token: Buffer | undefined;

  /** @param tls the certificate of the server, which the metrics then have too */
  constructor(config: MetricsConfig, tls: TlsOptions | undefined) {
    this.#config = config;
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#token = config.token === undefined ? undefined : digest(config.token);
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    };
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
    // Event loop lag, memory, garbage collection, open files.
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Measures the requests of an application; before its routes are registered. */
  watchRequests(app: FastifyInstance): void {
    measureRequests(app, this.#registry);
  }

  /** Measures what a server has. */
  watchState(context: ServerContext): void {
    measureState(context, this.#registry);
  }

  /**
   * @returns the URL of the metrics
   * @throws {PortInUseError} or {ListenError}
   */
  async listen(): Promise<string> {
    const { host, port } = this.#config;
    await listenOn(this.#config, 'metrics.port', async () => {
      this.#server.listen(port, host);
      await once(this.#server, 'listening');
    });
    const { port: chosen } = this.#server.address() as AddressInfo;
    return `${this.#scheme}://${reachableHost(host)}:${chosen}/metrics`;
  }

  useCertificate(options: TlsOptions): void {
    (this.#server as TlsServer).setSecureContext(options);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#registry.clear();
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path] = (request.url ?? '').split('?', 1);
    if (path !== '/metrics') return refuse(response, 404, 'The metrics are at /metrics.');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse(response.setHeader('allow', 'GET, HEAD'), 405, 'Send GET.');
    }
    if (!this.#mayRead(request)) {
      return refuse(
        response.setHeader('www-authenticate', 'Bearer'),
        401,
        'Send the token of metrics.token as: Authorization: Bearer …',
      );
    }
    response.setHeader('content-type', this.#registry.contentType);
    response.end(await this.#registry.metrics());
  }

  #mayRead({ headers }: IncomingMessage): boolean {
    if (this.#token === undefined) return true;
    const [, given] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    return given !== undefined && timingSafeEqual(digest(given), this.#token);
  }
}

function refuse(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${sentence}\n`);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
