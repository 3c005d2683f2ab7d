import { type DestinationStream, type Logger, pino } from 'pino';
import type { LoggingConfig } from './config.js';

const SECRETS = [
  'password',
  'token',
  'access_token',
  'refresh_token',
  'refreshToken',
  'authorization',
];

/** The log: JSON lines on standard output. Fields that hold secrets are blotted out. */
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
