import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  cliEnvironment,
  runCli,
  type ServerKind,
  type ServerProcess,
  startServerProcess,
} from './cli.js';
import { type Answer, projectRoot, python, type RequestOptions, send } from './server.js';

/** What stands in the environment of the server and must not be found by anybody. */
export const SECRET = 'the-password-of-another-database';

/** How a server is run: what isolates its sessions, and who runs it. */
export type Flavour =
  | 'bubblewrap, by root'
  | 'bubblewrap, by an ordinary user'
  | 'account'
  | 'none, by an ordinary user';

/** The account of the ordinary user; it needs no entry in /etc/passwd. */
const ORDINARY_USER = 61_000;

/**
 * Accounts that no other server on this machine uses: in this mode all processes of an account are
 * ended with a session.
 */
const ACCOUNTS = {
  SLIPWAY_ISOLATION_FIRST_ACCOUNT: String(61_500 + (process.pid % 70) * 50),
  SLIPWAY_ISOLATION_ACCOUNTS: '50',
};

/** A user of the server of a test, with a session. */
export interface Tenant {
  readonly token: string;
  /** Id of the session. */
  readonly id: string;
  /** Runs code in the session. @returns the value of the variable `result` */
  run<T = unknown>(code: string): Promise<T>;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
}

/** A server for several users, run as a process of its own. */
export interface SharedServer {
  readonly process: ServerProcess;
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** Its process id. */
  readonly pid: number;
  /** Process id, on the machine, of the Python of a session. */
  pythonOf(session: string): Promise<number>;
  /** Path of the socket of a session. */
  socketOf(session: string): Promise<string>;
  /** Creates an account and a session. */
  admit(name: string): Promise<Tenant>;
  close(): Promise<void>;
}

/** Starts a server with an isolation of its own. Only root can start all flavours. */
export async function startSharedServer(
  flavour: Flavour,
  more: NodeJS.ProcessEnv = {},
  kind: ServerKind = 'shared',
): Promise<SharedServer> {
  const home = await mkdtemp('/tmp/slipway-shared-');
  const env = cliEnvironment(home, {
    SLIPWAY_ISOLATION: flavour.replace(/,.*/, ''),
    SLIPWAY_WARM_SESSIONS: '0',
    DATABASE_PASSWORD: SECRET,
    // Its folder for programs would be looked for in root's home.
    HOME: home,
    ...(flavour === 'account' ? ACCOUNTS : {}),
    ...more,
  });
  const wrapper = await wrapperOf(flavour, home);
  const server = await startServerProcess(home, env, kind, wrapper);
  const { url, username, password } = server.runtime;
  const admin = await login(url, username, password);

  return {
    process: server,
    home,
    env,
    pid: server.runtime.pid,
    pythonOf: async (session) => innermost((await noteOf(home, session)).pid),
    socketOf: async (session) => join((await noteOf(home, session)).directory, 's', 'link'),
    async admit(name) {
      const secret = `${name} has a password`;
      await runCli(['user', 'add', name], env, `${secret}\n`);
      const token = name === username ? admin : await login(url, name, secret);
      return await tenant(url, token).catch((error: Error) => {
        throw new Error(`${error.message}\n${server.output()}`, { cause: error });
      });
    },
    async close() {
      await runCli(['server', 'stop'], env);
      await server.end('SIGKILL');
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function tenant(url: string, token: string): Promise<Tenant> {
  const request: Tenant['request'] = (method, path, options) =>
    send(url, token, method, path, options);
  const created = await request('POST', '/sessions', { json: { runtimeType: 'Python' } });
  if (created.status !== 201) throw new Error(`There is no session: ${created.text}`);
  const { sessionId: id } = created.json<{ sessionId: string }>();
  return {
    token,
    id,
    request,
    async run<T>(code: string) {
      const answer = await request('POST', `/sessions/${id}/execute`, {
        json: { code, outputParameters: ['result'] },
      });
      const { success, errorMessage, outputParameters } = answer.json<{
        success: boolean;
        errorMessage: string;
        outputParameters: { value: unknown }[];
      }>();
      if (!success) throw new Error(errorMessage);
      return outputParameters[0]?.value as T;
    },
  };
}

async function login(url: string, username: string, password: string): Promise<string> {
  const answer = await send(url, null, 'POST', '/login', { json: { username, password } });
  return answer.json<{ access_token: string }>().access_token;
}

/**
 * What a server is started through: for an account other than root's, the interpreter and this
 * checkout must be where everybody can read them, which here they may not be.
 */
async function wrapperOf(flavour: Flavour, home: string): Promise<string[]> {
  if (flavour === 'bubblewrap, by root') return [];
  const { stdout: base } = await runPython('import sys; print(sys.base_prefix)');
  const shown = [base.trim(), projectRoot, process.execPath];
  const hidden = shown.filter((path) => path.startsWith('/root/'));
  const folders = new Set(hidden.flatMap(ancestors));
  const view = [
    ...['--die-with-parent', '--dev-bind', '/', '/', '--perms', '0755', '--tmpfs', '/root'],
    ...[...folders].sort().flatMap((path) => ['--perms', '0755', '--dir', path]),
    ...hidden.flatMap((path) => ['--bind', path, path]),
  ];
  if (flavour === 'account') return ['bwrap', ...view, '--'];
  await runProgram('chown', ['-R', `${ORDINARY_USER}:${ORDINARY_USER}`, home]);
  const become = ['--reuid', String(ORDINARY_USER), '--regid', String(ORDINARY_USER)];
  return ['bwrap', ...view, '--', 'setpriv', ...become, '--clear-groups', '--inh-caps=-all'];
}

function ancestors(path: string): string[] {
  const folder = dirname(path);
  return folder === '/root' ? [] : [...ancestors(folder), folder];
}

async function runProgram(program: string, args: readonly string[]) {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  return await promisify(execFile)(program, [...args]);
}

function runPython(code: string) {
  return runProgram(python, ['-c', code]);
}

/** Where the server has noted a session, and the first of its processes. */
async function noteOf(home: string, session: string): Promise<{ directory: string; pid: number }> {
  for (const name of await readdir(join(home, 'run'))) {
    const directory = join(home, 'run', name);
    const note = await readFile(join(directory, 'session.json'), 'utf8').catch(() => '{}');
    const { id, pid } = JSON.parse(note) as { id?: string; pid: number };
    if (id === session) return { directory, pid };
  }
  throw new Error(`The session ${session} has left no note.`);
}

/** The process that all others of a session only wait for. */
async function innermost(pid: number): Promise<number> {
  const path = `/proc/${pid}/task/${pid}/children`;
  const [child] = (await readFile(path, 'utf8')).trim().split(' ');
  return child ? await innermost(Number(child)) : pid;
}
