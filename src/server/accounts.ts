import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Authenticator, OpenIdTokens } from './auth/index.js';
import type { ServerConfig } from './config.js';
import { writePrivateFile } from './files.js';

/** Holds the password that the first start gave to `admin`, until it is changed. */
export const PASSWORD_FILE = 'admin-password';

/** The tokens of the issuer that is configured; kernels log in to an embedded server by themselves. */
export function openIdTokens(config: ServerConfig, log: Logger): OpenIdTokens | undefined {
  const { openid } = config.authentication;
  if (openid === undefined || config.embedded) return undefined;
  return new OpenIdTokens(openid, ({ problem }) =>
    log.warn({ problem }, 'The issuer of access tokens cannot be asked for its keys.'),
  );
}

/**
 * Gives `admin` a password. An embedded server takes a new one at each start, because only
 * `runtime.json` has to know it; otherwise the first start leaves it in a file for its owner. Where
 * only the tokens of an outside issuer count, or a directory checks passwords, the account is of no
 * use and gets none.
 * @returns the password when it is new
 */
export async function prepareAdmin(
  config: ServerConfig,
  auth: Authenticator,
): Promise<string | undefined> {
  if (config.embedded) return auth.accounts.renewAdmin();
  const { openid, ldap } = config.authentication;
  if (openid !== undefined || ldap !== undefined) return undefined;
  const password = await auth.accounts.ensureAdmin();
  if (password !== undefined) {
    await writePrivateFile(join(config.dataDirectory, PASSWORD_FILE), `${password}\n`);
  }
  return password;
}
