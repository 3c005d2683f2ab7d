import { connect, isIP, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Client } from 'ldapts';
import type { LdapConfig } from '../../config.js';
import { DirectoryUnavailableError } from '../errors.js';

/** Codes of TLS that mean: this is not the server that it should be, or nobody vouches for it. */
const UNTRUSTED =
  /^(CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(GET|VERIFY)|INVALID_CA|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;

/** Where a directory is, for people. */
export function addressOf({ host, port, useLdaps }: LdapConfig): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return `${useLdaps ? 'ldaps' : 'ldap'}://${name}:${port ?? (useLdaps ? 636 : 389)}`;
}

/**
 * Opens a connection for one piece of work, with the query user logged in, and closes it. Nothing is
 * kept open: a directory forgets idle connections, and logins are rare.
 * @param ca certificates to trust in place of the usual authorities, in PEM form
 * @throws {DirectoryUnavailableError} for whatever goes wrong on the way
 */
export async function withConnection<Result>(
  config: LdapConfig,
  ca: string | undefined,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  // Loaded by the first login: a server without a directory starts without it.
  const [{ Client }, tls] = await Promise.all([import('ldapts'), import('node:tls')]);
  const options: ConnectionOptions = {
    // Of the certificate this name is checked; without it that of a StartTLS would be any.
    host: config.host,
    ...(isIP(config.host) === 0 && { servername: config.host }),
    ...(ca !== undefined && { ca }),
    minVersion: 'TLSv1.2',
  };
  let socket: Socket | undefined;
  const once = (open: () => Socket): Socket => {
    // The client would silently connect again after a cut: in the clear, after a StartTLS.
    if (socket !== undefined) throw new Error('The connection was cut.');
    socket = open();
    return socket;
  };
  const client = new Client({
    url: addressOf(config),
    createConnection: ((port: number, host: string) =>
      once(() => connect(port, host))) as typeof connect,
    // The client speaks TLS from the start where it is given options for it.
    ...(config.useLdaps && {
      tlsOptions: options,
      createSecureConnection: ((port: number, host: string, given: ConnectionOptions) =>
        once(() => tls.connect(port, host, given))) as typeof tls.connect,
    }),
  });
  const timer = setTimeout(() => {
    socket?.destroy(new Error(`There was no answer within ${config.timeout} s.`));
  }, config.timeout * 1000);
  try {
    if (config.startTls) await client.startTLS(options);
    const connection = new Connection(client, config);
    await connection.becomeQueryUser();
    return await work(connection);
  } catch (error) {
    throw unavailable(config, error);
  } finally {
    clearTimeout(timer);
    socket?.destroy();
  }
}

/** A connection to a directory. */
export class Connection {
  constructor(
    readonly client: Client,
    private readonly config: LdapConfig,
  ) {}

  /** Logs the user in who may look for others. @throws {DirectoryUnavailableError} */
  async becomeQueryUser(): Promise<void> {
    const { queryUserDn, queryUserPassword } = this.config;
    if (queryUserDn === undefined) {
      await this.client.bind('', '');
      return;
    }
    if (!(await this.isPasswordOf(queryUserDn, queryUserPassword ?? ''))) {
      throw new DirectoryUnavailableError(
        `${addressOf(this.config)} refuses the query user ${queryUserDn} or its password: see authentication.ldap.queryUserPassword.`,
      );
    }
  }

  /**
   * Whether the directory lets somebody in with a password. One without a text in it is not even
   * sent: directories take it for a wish to be nobody, and say yes.
   */
  async isPasswordOf(dn: string, password: string): Promise<boolean> {
    if (password === '' || password.includes('\0') || dn === '') return false;
    const { ResultCodeError } = await import('ldapts');
    try {
      await this.client.bind(dn, password);
      return true;
    } catch (error) {
      if (error instanceof ResultCodeError && REFUSALS.has(error.code)) return false;
      throw error;
    }
  }
}

/**
 * What directories answer to a login that is not to be: no such object, inappropriate
 * authentication (an account without a password), wrong credentials, no access, a constraint (locked).
 */
const REFUSALS: ReadonlySet<number> = new Set([19, 32, 48, 49, 50, 53]);

function unavailable(config: LdapConfig, error: unknown): DirectoryUnavailableError {
  if (error instanceof DirectoryUnavailableError) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const at = addressOf(config);
  if (typeof code === 'string' && UNTRUSTED.test(code)) {
    return new DirectoryUnavailableError(
      `The certificate of ${at} is not trusted (${code}): ${message}. Name its authority in authentication.ldap.caFile, and in authentication.ldap.host the name that is in it.`,
      { cause: error },
    );
  }
  return new DirectoryUnavailableError(`${at} cannot be asked: ${message || code}`, {
    cause: error,
  });
}
