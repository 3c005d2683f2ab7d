import type { IsolationSettings } from '../compute/index.js';

/**
 * Which API a server has. `9.1` is that of R Server 9.1 alone, `9.3` that of its last version, which
 * has pools of services and compute nodes too. `slipway` is all of 9.3 and what the kernel gains by
 * more: a WebSocket for each session, and snapshots of chosen objects.
 */
export type ApiLevel = 'slipway' | '9.1' | '9.3';

/** Dedicated pools of services, `/services/{name}/{version}/pool`. */
export interface ServicePoolsConfig {
  /** The most workers that a publisher can ask for. */
  readonly maxSize: number;
  /** Seconds after which a worker beyond the initial ones that has no call is ended. */
  readonly idleTime: number;
}

/** What keeps sessions and services from the server's secrets and from other users. */
export type IsolationConfig = IsolationSettings;

/** What the server logs. */
export interface LoggingConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** Absolute path; undefined for standard output. */
  readonly file: string | undefined;
  /** Bytes of the file, after which another one is begun. */
  readonly maxBytes: number;
  /** Full files that are kept. */
  readonly keep: number;
}

/** How much the audit log keeps. */
export interface AuditConfig {
  /** Bytes of the file, after which another one is begun. */
  readonly maxBytes: number;
  /** Full files that are kept. */
  readonly keep: number;
}

/** The certificate of a server. Absolute paths of files in PEM form. */
export interface HttpsConfig {
  /** The certificate, and after it those that lead to the authority. */
  readonly certificateFile: string;
  /** The private key, without a passphrase. */
  readonly keyFile: string;
}

/** Which pages of other origins may call the API from a browser. */
export interface CorsConfig {
  /** `https://app.example.com`, each, or `*` for all. */
  readonly origins: readonly string[];
}

/** An issuer of OpenID Connect whose access tokens count, in place of local accounts. */
export interface OpenIdConfig {
  /** Address of the issuer, as `normaliseAuthority` gives it. */
  readonly authority: string;
  /** The API that tokens must be meant for. */
  readonly audience: string;
  /** The program that users log in with, as it is registered at the issuer. */
  readonly clientId: string;
  /** What clients are to ask for, where it is not what the audience makes likely. */
  readonly scope: string | undefined;
  /** Where the name of the user stands in a token, where it is not in one of the usual places. */
  readonly userClaim: string | undefined;
  /** Ids of the tenants that are let in, where the issuer is that of all tenants. */
  readonly tenants: readonly string[];
}

/** An LDAP server or Active Directory that checks passwords, in place of local accounts. */
export interface LdapConfig {
  readonly host: string;
  /** Undefined for 636 with LDAPS and 389 without. */
  readonly port: number | undefined;
  /** Whether TLS is spoken from the start. */
  readonly useLdaps: boolean;
  /** Whether a connection begins in the clear and changes to TLS before anything is said. */
  readonly startTls: boolean;
  /** Absolute path of the certificates to trust, in PEM form. */
  readonly caFile: string | undefined;
  /** Whether passwords may cross the network in the clear. */
  readonly insecure: boolean;
  /** Who looks for users; undefined for nobody, where a directory lets everybody look. */
  readonly queryUserDn: string | undefined;
  readonly queryUserPassword: string | undefined;
  /** Below which users are. */
  readonly searchBase: string;
  /** How to find a user by the name that they log in with, which takes the place of `{0}`. */
  readonly searchFilter: string;
  /** Attribute that is the name of a user here. */
  readonly uniqueUserIdentifierAttributeName: string;
  /** Below which groups are; undefined for where users are. */
  readonly groupSearchBase: string | undefined;
  /** Seconds that a login may take. */
  readonly timeout: number;
}

/** How users prove who they are. */
export interface AuthenticationConfig {
  /** Absent where they have local accounts; an embedded server always has them. */
  readonly openid?: OpenIdConfig;
  /** Absent where no directory checks passwords; never both. */
  readonly ldap?: LdapConfig;
}

/** Which groups have which role. A local account has a role of its own instead. */
export interface AuthorizationConfig {
  /** Groups whose members manage all services. */
  readonly owner: readonly string[];
  /** Groups whose members publish services, and manage their own. */
  readonly contributor: readonly string[];
  /** Groups whose members list and call services. */
  readonly reader: readonly string[];
  /** Seconds for which the groups that a directory has told are believed. */
  readonly cacheLifetime: number;
}

/** Where Prometheus reads the metrics of a server. */
export interface MetricsConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** What a reader must send; undefined lets everybody read who reaches the port. */
  readonly token: string | undefined;
}

/** How the rows of batches are run, and how long their results are kept. */
export interface BatchConfig {
  /** Batches that run at the same time; more wait for their turn. */
  readonly running: number;
  /** Most rows of one batch that run at the same time, whatever its client asks for. */
  readonly maxParallel: number;
  /** Rows of one batch. */
  readonly maxRows: number;
  /** Bytes of the body that begins a batch. */
  readonly maxBytes: number;
  /** Seconds that results are kept after the last row. */
  readonly keep: number;
}

/**
 * Settings of a server, complete: whoever starts it has filled in the defaults. Each has a row in
 * the table of `settings/`, from which the configuration file, the variables and the options come.
 * Settings of one subject stand together in an object; one that is undefined by default is a part
 * that is not there unless it is configured.
 */
export interface ServerConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** With it the server speaks HTTPS alone. */
  readonly https: HttpsConfig | undefined;
  /** Whether it may speak HTTP on an address that other machines reach. */
  readonly insecureHttp: boolean;
  /** Addresses and networks of proxies whose `X-Forwarded-…` headers count. */
  readonly trustedProxies: readonly string[];
  readonly cors: CorsConfig;
  /** Absolute path; mode 0700. */
  readonly dataDirectory: string;
  /** Absolute path of the Python interpreter of sessions and services. */
  readonly python: string;
  /** Folder with `slipway_session` and `slipway_worker`. */
  readonly pythonPath: string;
  /** Whether a user's own kernel started it: it then writes `runtime.json`. */
  readonly embedded: boolean;
  readonly api: ApiLevel;
  readonly logging: LoggingConfig;
  readonly audit: AuditConfig;
  readonly authentication: AuthenticationConfig;
  readonly authorization: AuthorizationConfig;
  readonly metrics: MetricsConfig | undefined;
  readonly isolation: IsolationConfig;
  /** Started sessions kept in reserve. */
  readonly warmSessions: number;
  readonly maxSessions: number;
  /** Seconds that a session lives on after its last kernel has gone. */
  readonly sessionLease: number;
  /** Seconds that a session whose server has gone waits for the next one. */
  readonly sessionPatience: number;
  /** Workers of each service version. */
  readonly serviceWorkers: number;
  readonly servicePools: ServicePoolsConfig;
  /** Requests that may wait for a worker of one service version; more are answered 503. */
  readonly serviceQueue: number;
  /** Seconds until a call of a service is given up and its worker killed. */
  readonly serviceTimeout: number;
  readonly batch: BatchConfig;
  /** Bytes of a JSON body. */
  readonly maxBodyBytes: number;
  /** Bytes of an uploaded file or workspace object. */
  readonly maxUploadBytes: number;
}

export const DEFAULT_PORT = 12_800;

/** The settings that do not depend on the machine. */
export const CONFIG_DEFAULTS = {
  host: '127.0.0.1',
  port: DEFAULT_PORT,
  https: undefined,
  insecureHttp: false,
  trustedProxies: [],
  cors: { origins: [] },
  embedded: false,
  api: 'slipway',
  logging: { level: 'info', file: undefined, maxBytes: 16 * 1024 * 1024, keep: 5 },
  audit: { maxBytes: 16 * 1024 * 1024, keep: 20 },
  authentication: {},
  authorization: { owner: [], contributor: [], reader: [], cacheLifetime: 3600 },
  metrics: undefined,
  isolation: { mode: 'auto', paths: [], environment: [], firstAccount: 60_706, accounts: 478 },
  warmSessions: 1,
  maxSessions: 80,
  sessionLease: 60,
  sessionPatience: 600,
  serviceWorkers: 2,
  servicePools: { maxSize: 80, idleTime: 60 },
  serviceQueue: 256,
  serviceTimeout: 600,
  batch: {
    running: 16,
    maxParallel: 100,
    maxRows: 1_000_000,
    maxBytes: 1024 * 1024 * 1024,
    keep: 7 * 24 * 60 * 60,
  },
  maxBodyBytes: 64 * 1024 * 1024,
  maxUploadBytes: 4 * 1024 * 1024 * 1024,
} as const satisfies Partial<ServerConfig>;
