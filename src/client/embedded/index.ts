import type { SettingOrigin } from '../configuration/index.js';
import { ClientError } from '../errors.js';
import { RServerClient, type ServerLocation } from '../r-server-client.js';
import { dataDirectory } from './data-directory.js';
import { isAlive, readRuntimeFile } from './runtime-file.js';
import { startEmbeddedServer } from './start.js';

export { dataDirectory } from './data-directory.js';
export { EmbeddedPortTakenError, EmbeddedServerError, RuntimeFileError } from './errors.js';

/**
 * A client of this user's own server, logged in. The server is found by its `runtime.json`, or
 * started; it is found or started again whenever it has gone.
 * @param origins where it is said that this server is to be used
 * @throws {EmbeddedServerError} when it does not start, {SharedServerError} among them.
 * @throws {RuntimeFileError} when `runtime.json` cannot be trusted.
 */
export async function connectEmbedded(
  env: NodeJS.ProcessEnv = process.env,
  origins: readonly SettingOrigin[] = [],
): Promise<RServerClient> {
  const directory = dataDirectory(env);
  const start = (distrusted?: ServerLocation) =>
    startEmbeddedServer({ directory, env, distrusted });
  const location = (await findEmbeddedServer(directory)) ?? (await start());
  const relocate = async () => {
    const found = await findEmbeddedServer(directory);
    return found !== undefined && (await accepts(found)) ? found : start(found);
  };
  const client = new RServerClient(location, { relocate, origins });
  await client.accessToken();
  return client;
}

/**
 * Where this user's server says that it is, undefined when none runs.
 * @throws {RuntimeFileError}
 */
export async function findEmbeddedServer(directory: string): Promise<ServerLocation | undefined> {
  const found = await readRuntimeFile(directory);
  return found !== undefined && isAlive(found.pid) ? found.location : undefined;
}

/** Whether a login there works: its process id may meanwhile be another program's. */
async function accepts(location: ServerLocation): Promise<boolean> {
  const client = new RServerClient(location);
  try {
    await client.accessToken();
    return true;
  } catch (error) {
    if (error instanceof ClientError) return false;
    throw error;
  } finally {
    await client.close();
  }
}
