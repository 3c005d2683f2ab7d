import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  ADMIN,
  CONFIG_DEFAULTS,
  createServer,
  type Role,
  type ServerConfig,
  type SlipwayServer,
} from '../../src/server/index.js';

export const projectRoot = resolve(import.meta.dirname, '../..');

/** The interpreter that sessions and services of tests run on. */
export const python = process.env.SLIPWAY_PYTHON ?? join(projectRoot, '.venv', 'bin', 'python');

/** An answer of the server, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  /** @throws {SyntaxError} when the body is not JSON */
  json<T = unknown>(): T;
}

/** What goes with a request of a test. */
export interface RequestOptions {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: BodyInit;
  /** Another token than the administrator's, or none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A real server on a port of its own. */
export interface TestServer {
  readonly server: SlipwayServer;
  readonly url: string;
  readonly dataDirectory: string;
  readonly password: string;
  /** The administrator's access token. */
  readonly token: string;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** Logs in. @returns the access token */
  login(username?: string, password?: string): Promise<string>;
  /** Creates an account, by default of a Contributor. @returns its access token */
  addUser(name: string, role?: Role): Promise<string>;
  /** Stops the server and removes its data, unless the caller owns the directory. */
  close(): Promise<void>;
}

/** Settings for a server of a test: quiet, nothing kept warm, any free port. */
export function testConfig(
  dataDirectory: string,
  overrides: Partial<ServerConfig> = {},
): ServerConfig {
  return {
    ...CONFIG_DEFAULTS,
    port: 0,
    dataDirectory,
    python,
    pythonPath: join(projectRoot, 'python'),
    embedded: true,
    logging: { ...CONFIG_DEFAULTS.logging, level: 'error' },
    warmSessions: 0,
    ...overrides,
  };
}

/**
 * Starts a server in this process.
 * @param overrides a `dataDirectory` among them is kept when the server closes
 * @param knownPassword of the administrator, where an earlier start has set it
 */
export async function startTestServer(
  overrides: Partial<ServerConfig> = {},
  knownPassword = '',
): Promise<TestServer> {
  const dataDirectory = overrides.dataDirectory ?? (await mkdtemp(join(tmpdir(), 'slipway-test-')));
  const server = await createServer(testConfig(dataDirectory, overrides));
  await server.listen();
  const { url } = server;
  const password = server.adminPassword ?? knownPassword;

  async function login(username = ADMIN, secret = password): Promise<string> {
    const answer = await send(url, null, 'POST', '/login', {
      json: { username, password: secret },
    });
    return answer.json<{ access_token: string }>().access_token;
  }

  const token = await login();
  return {
    server,
    url,
    dataDirectory,
    password,
    token,
    request: (method, path, options) => send(url, token, method, path, options),
    login,
    async addUser(name, role) {
      const secret = `${name} has a password`;
      await server.context.auth.accounts.setPassword(name, secret, role);
      return login(name, secret);
    },
    async close() {
      await server.close();
      if (overrides.dataDirectory === undefined) {
        await rm(dataDirectory, { recursive: true, force: true });
      }
    },
  };
}

/** Sends a request to a server. */
export async function send(
  url: string,
  defaultToken: string | null,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const token = options.token === undefined ? defaultToken : options.token;
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    // A stream is sent while the answer may come already.
    ...(body === undefined ? {} : { body, duplex: 'half' as const }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('utf8');
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    json: <T>() => JSON.parse(text) as T,
  };
}
