import { join } from 'node:path';
import {
  ClientError,
  CredentialCommandError,
  connectConfigured,
  dataDirectory,
  findEmbeddedServer,
  LoginFailedError,
  MissingCredentialsError,
  type RServerClient,
  SecretFileError,
} from '../../client/index.js';
import { endServer } from '../server-stop.js';
import { type Check, failed, passed, skipped } from './check.js';
import type { SettingsCheck } from './settings.js';

/** Milliseconds that a session has to start, and the cell to run. */
const SESSION_TIMEOUT = 60_000;

/** Prints nothing, and tells which Python has run it. */
const CELL = 'import platform, sys\nanswer = [6 * 7, platform.python_version(), sys.executable]';

/** What the checks of a server need to know. */
export interface ServerChecks {
  readonly env: NodeJS.ProcessEnv;
  /** Whether this user's own server can be started. */
  readonly startable: boolean;
  /** Which server is meant, where the settings are in order. */
  readonly settings: SettingsCheck;
}

/**
 * Finds the server or starts it, logs in, starts a session and runs a cell, as a notebook would.
 * A server that was started for it is stopped again, unless a notebook has come to use it.
 */
export async function* checkServer(options: ServerChecks): AsyncGenerator<Check> {
  const connected = await connect(options);
  yield* connected.checks;
  const { client, started } = connected;
  if (client === undefined) {
    yield* skipAll(['isolation', 'session', 'cell'], 'there is no server to run it');
    return;
  }
  try {
    yield await checkIsolation(client);
    yield* checkSession(client, adviceFor(options));
  } finally {
    const abandoned = started && (await client.sessions.list()).length === 0;
    await client.close();
    if (abandoned) await endServer(dataDirectory(options.env));
  }
}

interface Connected {
  readonly checks: readonly Check[];
  readonly client?: RServerClient;
  /** Whether the server has been started for this. */
  readonly started: boolean;
}

async function connect(options: ServerChecks): Promise<Connected> {
  const { env, startable, settings } = options;
  const { remote } = settings;
  let started = false;
  if (settings.check.status === 'failed') {
    return { checks: skipAll(['server', 'login'], 'the settings do not tell which'), started };
  }
  try {
    const running = remote === undefined ? await findEmbeddedServer(dataDirectory(env)) : undefined;
    if (remote === undefined && running === undefined && !startable) {
      const reason = 'none runs, and none can start without Python';
      return { checks: skipAll(['server', 'login'], reason), started };
    }
    const client = await connectConfigured({ env });
    started = remote === undefined && running?.url !== client.url;
    const origin = started ? ', started for this check' : '';
    const checks = [
      passed('server', `${client.url}${origin}`),
      passed('login', client.username ?? 'with a token'),
    ];
    return { client, started, checks };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { checks: failedConnection(error, options), started };
  }
}

function failedConnection(error: ClientError, options: ServerChecks): Check[] {
  const { remote = '', loginAt } = options.settings;
  if (error instanceof MissingCredentialsError) {
    const fix =
      'Notebooks will ask for it. For runs without a user: SLIPWAY_USER and SLIPWAY_PASSWORD, SLIPWAY_TOKEN, a file or a command.';
    return [
      skipped('server', `${remote} is not asked without a login`),
      failed('login', error.message, fix),
    ];
  }
  if (error instanceof SecretFileError || error instanceof CredentialCommandError) {
    const fix = `Correct what ${loginAt} names.`;
    return [
      skipped('server', `${remote} is not asked without a login`),
      failed('login', error.message, fix),
    ];
  }
  if (error instanceof LoginFailedError && remote !== '') {
    const fix = `Check the user, and what ${loginAt} says, with whoever runs ${remote}.`;
    return [passed('server', remote), failed('login', error.message, fix)];
  }
  const fix =
    remote === ''
      ? `Run "slipway server status"; what the server said is in ${serverLog(options.env)}.`
      : 'Check the address: "settings" above says where it stands.';
  return [
    failed('server', error.message, fix),
    skipped('login', 'there is no server to log in to'),
  ];
}

/** What keeps sessions from what is not theirs; other servers than ours do not tell. */
async function checkIsolation(client: RServerClient): Promise<Check> {
  const name = 'isolation';
  const status = await client.status().catch((error: unknown) => {
    if (!(error instanceof ClientError)) throw error;
    return undefined;
  });
  const { kind, protects } = status?.components?.isolation?.details ?? {};
  switch (protects) {
    case 'user':
      return passed(name, `${kind}: sessions are kept from the server and from other users`);
    case 'data':
      return passed(name, `${kind}: the data directory is hidden from cells, all else is yours`);
    case 'nothing':
      return passed(name, `${kind}: sessions may do all that the account of the server may`);
    default:
      return skipped(name, 'the server does not tell');
  }
}

async function* checkSession(client: RServerClient, advice: string): AsyncGenerator<Check> {
  let id: string;
  const begun = performance.now();
  try {
    const request = { name: 'slipway doctor', runtimeType: 'Python' } as const;
    id = await client.sessions.create(request, AbortSignal.timeout(SESSION_TIMEOUT));
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    yield failed('session', error.message, advice);
    yield skipped('cell', 'there is no session to run it');
    return;
  }
  yield passed('session', `started in ${Math.round(performance.now() - begun)} ms`);
  try {
    yield await checkCell(client, id, advice);
  } finally {
    await client.sessions.close(id);
  }
}

async function checkCell(client: RServerClient, id: string, advice: string): Promise<Check> {
  const begun = performance.now();
  try {
    const { success, errorMessage, outputParameters } = await client.sessions.execute(
      id,
      { code: CELL, outputParameters: ['answer'] },
      AbortSignal.timeout(SESSION_TIMEOUT),
    );
    const [{ value } = { value: undefined }] = outputParameters;
    if (!success || !Array.isArray(value) || value[0] !== 42) {
      const said = errorMessage || `6 * 7 was ${JSON.stringify(value)}`;
      return failed('cell', `A cell that multiplies two numbers failed: ${said}`, advice);
    }
    const [answer, version, path] = value;
    const time = Math.round(performance.now() - begun);
    return passed('cell', `6 * 7 = ${answer} in ${time} ms, by Python ${version}, ${path}`);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return failed('cell', error.message, advice);
  }
}

function adviceFor({ env, settings: { remote } }: ServerChecks): string {
  return remote === undefined
    ? `Read the end of ${serverLog(env)}. After a change of Python or its packages: "slipway server stop", and the next notebook starts it anew.`
    : `Ask whoever runs ${remote}: the server's log tells why.`;
}

function serverLog(env: NodeJS.ProcessEnv): string {
  return join(dataDirectory(env), 'logs', 'server.log');
}

function skipAll(names: readonly string[], reason: string): Check[] {
  return names.map((name) => skipped(name, reason));
}
