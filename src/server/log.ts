import { type DestinationStream, type Logger, pino } from 'pino';
import type { LoggingConfig } from './config.js';
import { type LogFile, openLogFile } from './log-file.js';

const SECRETS = [
  'password',
  'token',
  'access_token',
  'refresh_token',
  'refreshToken',
  'authorization',
];

/** The log of a server, and the file that it is written to. */
export interface ServerLog {
  readonly log: Logger;
  /** Undefined when it goes to standard output. */
  readonly file: LogFile | undefined;
}

/** Opens the log that the settings say. */
export function openLog(config: LoggingConfig): ServerLog {
  const { level, file: path, maxBytes, keep } = config;
  if (path === undefined) return { log: createLog(level), file: undefined };
  let isTold = false;
  const file = openLogFile({ path, maxBytes, keep }, (error) => {
    // The log itself cannot say it, and once is enough.
    if (isTold) return;
    isTold = true;
    process.stderr.write(`slipway: The log ${path} cannot be written: ${error.message}\n`);
  });
  return { log: createLog(level, file), file };
}

/** JSON lines, by default on standard output. Fields that hold secrets are blotted out. */
export function createLog(
  level: LoggingConfig['level'],
  destination: DestinationStream = pino.destination({ fd: 1, sync: false }),
): Logger {
  return pino(
    {
      level,
      redact: {
        paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '[redacted]',
      },
      serializers: { err: pino.stdSerializers.err },
    },
    destination,
  );
}
