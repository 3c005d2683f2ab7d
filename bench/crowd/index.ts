/**
 * A server with many services and sessions: its start, its memory, and what each route takes that
 * runs no code of users.
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { residentMegabytes } from '../memory.js';
import type { Figure } from '../report.js';
import { type Runtime, type StartedServer, startServer } from '../server.js';
import { median, timed } from '../statistics.js';
import { fillWithServices, serviceName } from './fill.js';

const SERVICES = 10_000;
const SESSIONS = 200;
/** Sessions that are started at the same time. */
const STARTING = 4;
/** Requests of each route. */
const REQUESTS = 400;
const LOGINS = 15;
/** Of the load with metadata. */
const LOAD = { connections: 10, duration: 5 };

export interface CrowdOptions {
  readonly root: string;
  /** Absolute path of the interpreter of the sessions. */
  readonly python: string;
}

/** Fills a data directory, starts a server on it twice, and measures the second one. */
export async function crowdFigures({ root, python }: CrowdOptions): Promise<Figure[]> {
  const home = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  const start = () =>
    startServer(root, home, python, {
      embedded: false,
      // The services were not published with this Python, which the server warns of.
      env: { SLIPWAY_MAX_SESSIONS: String(SESSIONS + 10), SLIPWAY_LOG_LEVEL: 'error' },
    });
  let server: StartedServer | undefined;
  try {
    await fillWithServices(home, SERVICES);
    server = await start();
    await startSessions(await Client.logIn(server.runtime));
    await stop(server, 'SIGTERM');
    server = await start();
    return await measure(server);
  } finally {
    if (server !== undefined) await stop(server, 'SIGINT');
    await rm(home, { recursive: true, force: true });
  }
}

async function measure({ process, runtime, startTime }: StartedServer): Promise<Figure[]> {
  const client = await Client.logIn(runtime);
  const sessions = await client.get<{ id: string }[]>('/sessions');
  if (sessions.length !== SESSIONS) {
    throw new Error(`${SESSIONS} sessions were started and ${sessions.length} are there.`);
  }
  const routes = routesOf(sessions[0]?.id ?? '');
  const slowest = { path: '', p99: 0 };
  for (const path of routes) {
    const p99 = await client.p99(path);
    if (p99 > slowest.p99) Object.assign(slowest, { path, p99 });
  }
  // Before the load, after which V8 keeps for a while what it had need of.
  const memory = await residentMegabytes(process.pid as number);
  const perSecond = await client.load(`/services/${serviceName(7)}/v7`);
  const logins: number[] = [];
  for (let login = 0; login < LOGINS; login++) {
    logins.push(await timed(() => Client.logIn(runtime)));
  }
  const crowd = `${SESSIONS} sessions and ${SERVICES.toLocaleString('en')} services`;
  return [
    { name: `start with ${crowd}`, ours: startTime, unit: 'ms', target: { atMost: 2000 } },
    {
      name: `resident memory with ${crowd}`,
      ours: memory,
      unit: 'MB',
      target: { atMost: 300 },
    },
    {
      name: `slowest of ${routes.length} routes (${slowest.path}), p99`,
      ours: slowest.p99,
      unit: 'ms',
      target: { atMost: 20 },
    },
    { name: 'login, p50', ours: median(logins), unit: 'ms', target: { atMost: 100 } },
    {
      name: 'requests of metadata, 10 connections',
      ours: perSecond,
      unit: '/s',
      target: { atLeast: 500 },
    },
  ];
}

/** Those that run no code of users; those of a session ask nothing of its process. */
function routesOf(sessionId: string): readonly string[] {
  const service = `${serviceName(SERVICES / 2)}/v3`;
  const session = `/sessions/${sessionId}`;
  return [
    '/status',
    '/swagger.json',
    '/services',
    `/services/${serviceName(SERVICES / 2)}`,
    `/services/${service}`,
    `/api/${service}/swagger.json`,
    '/sessions',
    '/sessions/details',
    `${session}/console-output`,
    `${session}/files`,
    '/snapshots',
  ];
}

async function startSessions(client: Client): Promise<void> {
  let left = SESSIONS;
  const startSome = async () => {
    while (left > 0) {
      left -= 1;
      await client.post('/sessions', { runtimeType: 'Python' });
    }
  };
  await Promise.all(Array.from({ length: STARTING }, startSome));
}

async function stop({ process }: StartedServer, signal: NodeJS.Signals): Promise<void> {
  if (process.exitCode !== null) return;
  process.kill(signal);
  await once(process, 'exit');
}

/** Who sends the requests. */
class Client {
  private constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  static async logIn({ url, username, password }: Runtime): Promise<Client> {
    const json = { 'Content-Type': 'application/json' };
    const anonymous = new Client(url, json);
    const { access_token } = await anonymous.post<{ access_token: string }>('/login', {
      username,
      password,
    });
    return new Client(url, { ...json, Authorization: `Bearer ${access_token}` });
  }

  get<T>(path: string): Promise<T> {
    return this.#send<T>(path, {});
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.#send<T>(path, { method: 'POST', body: JSON.stringify(body) });
  }

  /** Milliseconds within which 99 of 100 requests are answered, one after the other. */
  async p99(path: string): Promise<number> {
    await this.#cannon(path, { connections: 1, amount: 20 });
    return (await this.#cannon(path, { connections: 1, amount: REQUESTS })).latency.p99;
  }

  /** Requests per second under load. */
  async load(path: string): Promise<number> {
    return (await this.#cannon(path, LOAD)).requests.average;
  }

  async #cannon(path: string, options: Partial<autocannon.Options>): Promise<autocannon.Result> {
    const { headers } = this;
    const result = await autocannon({ url: `${this.url}${path}`, headers, ...options });
    if (result.non2xx > 0 || result.errors > 0) {
      throw new Error(`GET ${path} failed ${result.non2xx + result.errors} times.`);
    }
    return result;
  }

  async #send<T>(path: string, init: RequestInit): Promise<T> {
    const response = await fetch(`${this.url}${path}`, { ...init, headers: this.headers });
    if (!response.ok) throw new Error(`${path} was answered ${response.status}.`);
    return (await response.json()) as T;
  }
}
