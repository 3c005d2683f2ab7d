/**
 * Which API a server has. `slipway` is R Server's 9.1 and what the kernel gains by more: a WebSocket
 * for each session, and snapshots of chosen objects. `9.1` is that of R Server alone.
 */
export type ApiLevel = 'slipway' | '9.1';

/** What the server logs. */
export interface LoggingConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
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
  /** Started sessions kept in reserve. */
  readonly warmSessions: number;
  readonly maxSessions: number;
  /** Seconds that a session lives on after its last kernel has gone. */
  readonly sessionLease: number;
  /** Seconds that a session whose server has gone waits for the next one. */
  readonly sessionPatience: number;
  /** Workers of each service version. */
  readonly serviceWorkers: number;
  /** Requests that may wait for a worker of one service version; more are answered 503. */
  readonly serviceQueue: number;
  /** Seconds until a call of a service is given up and its worker killed. */
  readonly serviceTimeout: number;
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
  embedded: false,
  api: 'slipway',
  logging: { level: 'info' },
  warmSessions: 1,
  maxSessions: 80,
  sessionLease: 60,
  sessionPatience: 600,
  serviceWorkers: 2,
  serviceQueue: 256,
  serviceTimeout: 600,
  maxBodyBytes: 64 * 1024 * 1024,
  maxUploadBytes: 4 * 1024 * 1024 * 1024,
} as const satisfies Partial<ServerConfig>;
