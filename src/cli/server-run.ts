import { join } from 'node:path';
import { CONFIG_DEFAULTS, createServer, type ServerConfig } from '../server/index.js';
import { interpreterPath } from './interpreter.js';
import { packageRoot } from './package-root.js';
import { apiLevel, dataDirectory, logLevel, portNumber, sessionPatience } from './settings.js';

/** Options of `slipway server run`. */
export interface RunOptions {
  readonly embedded?: boolean;
  readonly api?: string;
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly python?: string;
}

/** Milliseconds that the server has to stop in good order. */
const STOP_TIMEOUT = 5000;

/** Runs a server until a signal ends it. */
export async function runServer(options: RunOptions): Promise<void> {
  const config = await readConfig(options);
  const server = await createServer(config);
  const stopped = stopOnSignal((keepSessions) => server.close({ keepSessions }));
  try {
    await server.listen();
  } catch (error) {
    // The sessions belong to the next server, which can perhaps listen.
    await server.close({ keepSessions: true });
    throw error;
  }
  if (server.adminPassword !== undefined && !config.embedded) {
    process.stderr.write(
      `slipway: The account admin has a new password, in ${join(config.dataDirectory, 'admin-password')}. Set your own with "slipway user password".\n`,
    );
  }
  await stopped;
}

/** The settings that the options and the environment give. */
async function readConfig(options: RunOptions, env = process.env): Promise<ServerConfig> {
  return {
    ...CONFIG_DEFAULTS,
    host: options.host ?? CONFIG_DEFAULTS.host,
    port: portNumber(options.port, env) ?? CONFIG_DEFAULTS.port,
    dataDirectory: dataDirectory(options.data, env),
    python: await interpreterPath(options.python, env),
    pythonPath: join(packageRoot(), 'python'),
    embedded: options.embedded ?? CONFIG_DEFAULTS.embedded,
    api: apiLevel(options.api) ?? CONFIG_DEFAULTS.api,
    logLevel: logLevel(env) ?? CONFIG_DEFAULTS.logLevel,
    sessionPatience: sessionPatience(env) ?? CONFIG_DEFAULTS.sessionPatience,
  };
}

/**
 * Resolves when a signal has come and the server has stopped. A second signal ends at once.
 * SIGTERM, by which a supervisor restarts a service, leaves the sessions to the next server.
 */
function stopOnSignal(close: (keepSessions: boolean) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    const stop = (signal: NodeJS.Signals) => {
      if (stopping) {
        process.exit(1);
      }
      stopping = true;
      const timer = setTimeout(() => {
        process.stderr.write('slipway: The server did not stop in time and is ended.\n');
        process.exit(1);
      }, STOP_TIMEOUT);
      timer.unref();
      close(signal === 'SIGTERM').then(resolve, reject);
    };
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, stop);
    }
  });
}
