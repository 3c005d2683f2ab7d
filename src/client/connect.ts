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
 * `SLIPWAY_USER` and `SLIPWAY_PASSWORD`), logged in; else of the one that the kernelspec names
 * (`SLIPWAY_DEFAULT_URL`), with the same login; otherwise of this user's embedded server.
 * @throws {MissingCredentialsError}
 * @throws {ClientError} when the server cannot be reached or refuses the login.
 */
export async function connectDefault(env: NodeJS.ProcessEnv = process.env): Promise<RServerClient> {
  const { SLIPWAY_TOKEN: token, SLIPWAY_PASSWORD: password } = env;
  const url = env.SLIPWAY_URL || env.SLIPWAY_DEFAULT_URL;
  if (!url) return connectEmbedded(env);
  if (!token && !password) {
    throw new MissingCredentialsError(
      `${env.SLIPWAY_URL ? 'SLIPWAY_URL names' : 'The kernel was installed for'} ${url}, but there is no way to log in: set SLIPWAY_USER and SLIPWAY_PASSWORD, or SLIPWAY_TOKEN, or run %connect ${url}.`,
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
