import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { LdapDirectory } from './auth/index.js';
import type { ServerConfig } from './config.js';
import { isLoopback } from './exposure.js';

/** Thrown at the start of a server whose ways to log in contradict each other, or are not safe. */
export class AuthenticationConfigError extends Error {
  readonly code = 'AUTHENTICATION_CONFIG';
  override readonly name = 'AuthenticationConfigError';
}

/**
 * The directory that is configured; an embedded server never has one.
 * @throws {AuthenticationConfigError}
 */
export async function ldapDirectory(
  config: ServerConfig,
  log: Logger,
): Promise<LdapDirectory | undefined> {
  const { ldap, openid } = config.authentication;
  if (ldap === undefined || config.embedded) return undefined;
  const refuse = (problem: string, options?: ErrorOptions): never => {
    throw new AuthenticationConfigError(problem, options);
  };
  if (openid !== undefined) {
    refuse('Users come from authentication.ldap or from authentication.openid. Leave out one.');
  }
  if (ldap.useLdaps && ldap.startTls) {
    refuse('authentication.ldap.useLdaps and startTls are two ways to TLS. Leave out one.');
  }
  if (!(ldap.useLdaps || ldap.startTls || ldap.insecure || (await isLoopback(ldap.host)))) {
    refuse(
      `Passwords would cross the network to ${ldap.host} in the clear. Set authentication.ldap.useLdaps or startTls; where the way is safe, authentication.ldap.insecure allows it.`,
    );
  }
  if (ldap.queryUserDn !== undefined && !ldap.queryUserPassword) {
    refuse('authentication.ldap.queryUserDn needs authentication.ldap.queryUserPassword.');
  }
  if (!ldap.searchFilter.includes('{0}')) {
    refuse(
      'authentication.ldap.searchFilter has no {0} for the name of the user, and would find the same entry for all.',
    );
  }
  const { caFile } = ldap;
  const ca =
    caFile === undefined
      ? undefined
      : await readFile(caFile, 'utf8').catch((error: Error) =>
          refuse(`authentication.ldap.caFile cannot be read: ${error.message}`, { cause: error }),
        );
  return new LdapDirectory(ldap, config.authorization, ca, (problem) =>
    log.error({ problem }, 'The directory cannot be asked, or has no answer that is of use.'),
  );
}
