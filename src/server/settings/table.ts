import type { ServerConfig } from '../config.js';
import { AUTHENTICATION } from './authentication.js';
import {
  bearer,
  bytes,
  choice,
  flag,
  integer,
  list,
  network,
  origin,
  path,
  seconds,
  text,
} from './kinds.js';
import { Setting, type SettingTable } from './setting.js';

/** What whoever runs a server may set; the rest is known from where Slipway lies. */
export type SettableConfig = Omit<ServerConfig, 'pythonPath'>;

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;
const DAY = 24 * 60 * 60;

/**
 * All settings of a server. What the configuration file may say, the help of `slipway server run`
 * and the table in docs/server-administration.md are made from these, in this order; a new member
 * of `ServerConfig` does not compile without its row here.
 */
export const SETTINGS: SettingTable<SettableConfig> = {
  dataDirectory: new Setting(path('the path of a folder'), 'folder of all that the server keeps', {
    option: '--data',
    variable: 'SLIPWAY_HOME',
    isInFile: false,
    defaultText: '`$XDG_DATA_HOME/slipway`, or `~/.local/share/slipway`',
  }),
  host: new Setting(text('an address or a host name'), 'address to listen on', {
    option: '--host',
  }),
  port: new Setting(integer('a port', 0, 65_535), 'port to listen on; 0 for any free one', {
    option: '--port',
  }),
  https: {
    certificateFile: new Setting(
      path(),
      'certificate in PEM form, with those that lead to its authority; with it the server speaks HTTPS alone, see [HTTPS](#https)',
      { isRequired: true },
    ),
    keyFile: new Setting(path(), 'private key of the certificate, without a passphrase', {
      isRequired: true,
    }),
  },
  insecureHttp: new Setting(
    flag,
    'allows HTTP on an address that other machines reach, for a proxy that speaks TLS',
    { option: '--insecure-http' },
  ),
  trustedProxies: new Setting(
    list(network, 'a list of addresses or networks such as 10.0.0.0/8'),
    'proxies whose `X-Forwarded-For` tells where a request comes from',
  ),
  cors: {
    origins: new Setting(
      list(origin, 'a list of origins such as https://app.example.com, or *'),
      'origins whose pages may call the API from a browser',
    ),
  },
  embedded: new Setting(flag, "whether it is one user's own, which their kernels find", {
    option: '--embedded',
    variable: null,
    isInFile: false,
  }),
  api: new Setting(
    choice(['slipway', '9.1', '9.3']),
    'the routes it has: `9.1` and `9.3` for those of R Server 9.1 and 9.3 alone, `slipway` for all that notebooks can use',
    { option: '--api' },
  ),
  python: new Setting(
    path('the path of a Python interpreter'),
    'Python of sessions and services; it needs ipykernel and cloudpickle',
    { option: '--python', defaultText: 'see [Installing](#installing)' },
  ),
  logging: {
    level: new Setting(
      choice(['trace', 'debug', 'info', 'warn', 'error']),
      'how much the log tells',
      { option: '--log-level', variable: 'SLIPWAY_LOG_LEVEL' },
    ),
    file: new Setting(path(), 'file that the log is written to, see [The log](#the-log)', {
      option: '--log-file',
      variable: 'SLIPWAY_LOG_FILE',
      defaultText: 'standard output',
    }),
    maxBytes: new Setting(
      bytes(1024, 1024 * GIBIBYTE),
      'bytes of the log file after which another is begun',
      { variable: 'SLIPWAY_LOG_MAX_BYTES' },
    ),
    keep: new Setting(
      integer('a number', 1, 1000),
      'full log files that are kept, as `….1`, `….2` and so on',
      { variable: 'SLIPWAY_LOG_KEEP' },
    ),
  },
  audit: {
    maxBytes: new Setting(
      bytes(1024, 1024 * GIBIBYTE),
      'bytes of the [audit log](#audit-log) after which another file is begun',
    ),
    keep: new Setting(integer('a number', 1, 1000), 'full audit logs that are kept'),
  },
  authentication: AUTHENTICATION,
  authorization: {
    owner: new Setting(
      list(text(), 'a list of groups'),
      "groups whose members manage all services, see [Roles](#roles); R Server's `Owner`",
    ),
    contributor: new Setting(
      list(text(), 'a list of groups'),
      "groups whose members publish services and manage their own; R Server's `Contributor`",
    ),
    reader: new Setting(
      list(text(), 'a list of groups'),
      "groups whose members list and call services; R Server's `Reader`",
    ),
    cacheLifetime: new Setting(
      seconds(1, 30 * DAY),
      "seconds for which the groups that a directory has told are believed; R Server's `CacheLifeTimeInMinutes`",
    ),
  },
  metrics: {
    host: new Setting(text('an address or a host name'), 'address where metrics are read', {
      default: '127.0.0.1',
    }),
    port: new Setting(
      integer('a port', 0, 65_535),
      'port where metrics are read, see [Metrics](#metrics)',
      { isRequired: true },
    ),
    token: new Setting(bearer, 'token that a reader of the metrics must send', {
      isSecret: true,
    }),
  },
  isolation: {
    mode: new Setting(
      choice(['auto', 'bubblewrap', 'account', 'none']),
      'what keeps sessions and services from what is not theirs, see [Isolation](#isolation)',
      { option: '--isolation', variable: 'SLIPWAY_ISOLATION' },
    ),
    paths: new Setting(
      list(path('the path of a file or folder'), 'a list of paths'),
      'files and folders that the sessions of a shared server may read besides the system and Python',
    ),
    environment: new Setting(
      list(text('the name of a variable'), 'a list of names'),
      'variables of its environment that a shared server hands on to sessions',
    ),
    firstAccount: new Setting(
      integer('a number', 1, 2_147_483_647),
      'number of the first account (uid) that sessions of a server run by root get',
    ),
    accounts: new Setting(
      integer('a number', 1, 1_000_000),
      'number of such accounts; each session and service has one',
    ),
  },
  warmSessions: new Setting(
    integer('a number', 0, 1000),
    'sessions that are kept started, so that the next one is there at once',
  ),
  maxSessions: new Setting(integer('a number', 1, 10_000), 'sessions at the same time'),
  sessionLease: new Setting(
    seconds(1, 365 * DAY),
    'seconds that a session lives on after its last kernel has gone',
  ),
  sessionPatience: new Setting(
    seconds(0, 365 * DAY),
    'seconds that sessions wait for their server to be started again, see [Stopping and starting again](#stopping-and-starting-again)',
  ),
  serviceWorkers: new Setting(integer('a number', 1, 1000), 'workers of each service version'),
  servicePools: {
    maxSize: new Setting(
      integer('a number', 1, 10_000),
      'most workers of a [pool of its own](api.md#pools-of-services) that a publisher can ask for',
    ),
    idleTime: new Setting(
      seconds(1, 30 * DAY),
      'seconds after which a worker of such a pool beyond its initial ones is ended when it has no call',
    ),
  },
  serviceQueue: new Setting(
    integer('a number', 0, 1_000_000),
    'calls that may wait for a worker of one service version; more are answered 503',
  ),
  serviceTimeout: new Setting(
    seconds(1, 30 * DAY),
    'seconds until a call of a service is given up and its worker ended',
  ),
  batch: {
    running: new Setting(
      integer('a number', 1, 1000),
      'batches that run at the same time; more wait for their turn',
    ),
    maxParallel: new Setting(
      integer('a number', 1, 1000),
      'rows of one batch that run at the same time, whatever its client asks for; a service runs no more of them than it has workers',
    ),
    maxRows: new Setting(integer('a number', 1, 100_000_000), 'rows of one batch'),
    maxBytes: new Setting(bytes(1024, 1024 * GIBIBYTE), 'bytes of the body that begins a batch'),
    keep: new Setting(
      seconds(1, 3650 * DAY),
      'seconds that the results of a batch are kept after its last row',
    ),
  },
  maxBodyBytes: new Setting(bytes(1024, GIBIBYTE), 'bytes of a JSON body'),
  maxUploadBytes: new Setting(
    bytes(1024, 1024 * GIBIBYTE),
    'bytes of an uploaded file or object of a workspace',
  ),
};
