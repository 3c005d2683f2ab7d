import { connectEmbedded } from './embedded/index.js';
import { ClientError } from './errors.js';
import { RServerClient } from './r-server-client.js';

/** Thrown when the environment names a server but not how to log in there. */
export class MissingCredentialsError extends ClientError {
  readonly code = 'MISSING_CREDENTIALS';
  override readonly name = 'MissingCredentialsError';
}

/** The user that R Server has when it is installed. */
export const DEFAULT_USER = 'admin';

/**
 * A client of the server that the environment names (`SLIPWAY_URL` with `SLIPWAY_TOKEN`, or with
 * `SLIPWAY_USER` and `SLIPWAY_PASSWORD`), logged in; otherwise of this user's embedded server.
 * @throws {MissingCredentialsError}
 * @throws {ClientError} when the server cannot be reached or refuses the login.
 */
export async function connectDefault(env: NodeJS.ProcessEnv = process.env): Promise<RServerClient> {
  const { SLIPWAY_URL: url, SLIPWAY_TOKEN: token, SLIPWAY_PASSWORD: password } = env;
  if (!url) return connectEmbedded(env);
  if (!token && !password) {
    throw new MissingCredentialsError(
      `SLIPWAY_URL names ${url}, but there is no way to log in: set SLIPWAY_USER and SLIPWAY_PASSWORD, or SLIPWAY_TOKEN, or run %connect ${url}.`,
    );
  }
  const client = new RServerClient({
    url,
    credentials: token
      ? { kind: 'token', token }
      : { kind: 'password', username: env.SLIPWAY_USER || DEFAULT_USER, password: password ?? '' },
  });
  await client.accessToken();
  return client;
}
