import { join } from 'node:path';
import { createServer, type ServerConfig } from '../server/index.js';
import { resolveSettings, type SettingOptions } from './configuration/index.js';
import { interpreterPath } from './interpreter.js';
import { packageRoot } from './package-root.js';

/** Milliseconds that the server has to stop in good order. */
const STOP_TIMEOUT = 5000;

/** Runs a server until a signal ends it. */
export async function runServer(options: SettingOptions): Promise<void> {
  // Secrets are taken out of the environment, and are needed again when the settings are.
  const before = { ...process.env };
  const config = await readConfig(options);
  const server = await createServer(config);
  const reload = async () => {
    const { config: next } = await resolveSettings(options, { ...before });
    await server.reload(next);
  };
  const stopped = onSignals({
    close: (keepSessions) => server.close({ keepSessions }),
    reload: () =>
      reload().catch((error: unknown) => {
        server.context.log.error({ err: error }, 'The settings could not be read again.');
      }),
  });
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

/** The settings that options, environment and configuration file give. */
async function readConfig(options: SettingOptions): Promise<ServerConfig> {
  const { config } = await resolveSettings(options);
  return {
    ...config,
    python: await interpreterPath(config.python),
    pythonPath: join(packageRoot(), 'python'),
  };
}

/** What signals ask for. */
interface SignalActions {
  close(keepSessions: boolean): Promise<void>;
  reload(): Promise<void>;
}

/**
 * Resolves when a signal has come and the server has stopped. A second signal ends at once.
 * SIGTERM, by which a supervisor restarts a service, leaves the sessions to the next server. SIGHUP
 * ends a server whose terminal has gone; one that has none reads its settings again.
 */
function onSignals({ close, reload }: SignalActions): Promise<void> {
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
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    process.on('SIGHUP', hasTerminal() ? stop : () => void reload());
  });
}

/** Whether a terminal that closes has to do with this process. */
function hasTerminal(): boolean {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
}
