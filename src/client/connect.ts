import {
  type Configuration,
  ConfiguredLogin,
  type MagicSettings,
  resolveConfiguration,
} from './configuration/index.js';
import { connectEmbedded } from './embedded/index.js';
import type { AskLogin } from './login-question.js';
import { RServerClient } from './r-server-client.js';

/** Which server to connect with. */
export interface ConnectOptions {
  /** What `%connect` was told; without it the other places decide. */
  readonly magic?: MagicSettings | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Asks the user for a login that is missing or refused, now and later. */
  readonly ask?: AskLogin;
}

/**
 * A client of the server that the configuration names, logged in; of this user's embedded server
 * where it names none.
 * @throws {MissingCredentialsError} when there is no way to log in.
 * @throws {ClientError} when a setting is wrong, or the server cannot be reached or refuses the login.
 */
export async function connectConfigured(options: ConnectOptions = {}): Promise<RServerClient> {
  const { env = process.env, magic, ask } = options;
  const configuration = await resolveConfiguration({ magic, env });
  if (!isRemote(configuration)) return await connectEmbedded(env, configuration.origins);
  const { url, ca, timeout, origins } = configuration;
  const client = new RServerClient(
    { url, credentials: new ConfiguredLogin(configuration, ask) },
    {
      origins,
      ...(ca === undefined ? {} : { ca }),
      ...(timeout === undefined ? {} : { timeout }),
    },
  );
  try {
    await client.accessToken();
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

function isRemote(configuration: Configuration): configuration is Configuration & { url: string } {
  return configuration.url !== undefined;
}
