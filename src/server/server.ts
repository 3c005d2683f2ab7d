import { join } from 'node:path';
import { LocalCompute } from '../compute/index.js';
import { openIdTokens, prepareAdmin } from './accounts.js';
import { buildApp } from './app.js';
import { AuditLog } from './audit/index.js';
import { Authenticator, SigningKeys } from './auth/index.js';
import { Batches } from './batches/index.js';
import { readCertificate, type TlsOptions } from './certificate.js';
import type { ServerConfig } from './config.js';
import type { ServerContext } from './context.js';
import { emptyDirectory, lockDataDirectory } from './data-directory.js';
import { ldapDirectory } from './directory.js';
import { refuseExposure, refuseMadeUpPassword } from './exposure.js';
import { openLog, type ServerLog } from './log.js';
import type { Metrics } from './metrics/index.js';
import { MATERIALISED, RunningServer, type SlipwayServer } from './running-server.js';
import { Services } from './services/index.js';
import { Sessions } from './sessions/index.js';
import { Snapshots } from './snapshots/index.js';
import { openStore } from './store/index.js';

/**
 * Builds a server on its data directory, and begins to fill its pool of sessions.
 * @throws {DataDirectoryInUseError} when another server runs on it
 * @throws {ExposureError} when others could reach it and it is not fit for that
 * @throws {CertificateError}
 */
export async function createServer(config: ServerConfig): Promise<SlipwayServer> {
  const isPublic = await refuseExposure(config);
  const tls = config.https && (await readCertificate(config.https));
  const lock = await lockDataDirectory(config.dataDirectory);
  try {
    const serverLog = openLog(config.logging);
    const metrics = await createMetrics(config, tls);
    const context = await createContext(config, serverLog);
    try {
      // Python takes the longest to start, so it starts first.
      context.sessions.start();
      await context.sessions.adopt();
      const [adminPassword, app] = await Promise.all([
        prepareAdmin(config, context.auth),
        buildApp(context, { tls, metrics }),
      ]);
      if (isPublic) refuseMadeUpPassword(config);
      return new RunningServer({
        context,
        app,
        lock,
        adminPassword,
        tls,
        metrics,
        logFile: serverLog.file,
      });
    } catch (error) {
      await closeContext(context);
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The parts of a server, each built on those before it. */
async function createContext(config: ServerConfig, { log }: ServerLog): Promise<ServerContext> {
  const directory = await ldapDirectory(config, log);
  const materialised = await emptyDirectory(join(config.dataDirectory, MATERIALISED));
  const [keys, compute] = await Promise.all([
    SigningKeys.open(config.dataDirectory),
    LocalCompute.create(config),
  ]);
  const store = await openStore(config.dataDirectory);
  const openid = openIdTokens(config, log);
  const audit = config.embedded ? undefined : new AuditLog(config, log);
  const auth = new Authenticator({
    store,
    keys,
    authorization: config.authorization,
    outside: openid,
    directory,
    onToken: (user, token, caller) => audit?.noteToken(user, token, caller),
  });
  const snapshots = new Snapshots(store, materialised);
  const sessions = new Sessions({ config, log, compute, snapshots });
  const services = new Services({ config, log, compute, store, snapshots });
  const batches = new Batches({ config, log, store, services });
  return {
    config,
    log,
    phase: { current: 'starting' },
    compute,
    store,
    audit,
    auth,
    openid,
    snapshots,
    sessions,
    services,
    batches,
  };
}

/** The metrics, loaded where they are configured: a user's own server starts without. */
async function createMetrics(
  { metrics: config }: ServerConfig,
  tls: TlsOptions | undefined,
): Promise<Metrics | undefined> {
  if (config === undefined) return undefined;
  const { Metrics } = await import('./metrics/index.js');
  return new Metrics(config, tls);
}

/** Ends the parts of a server, in the reverse order. */
async function closeContext(context: ServerContext): Promise<void> {
  await context.batches.close();
  await context.services.close();
  await context.sessions.close({ keep: true });
  await context.compute.close();
  await context.store.close();
}
