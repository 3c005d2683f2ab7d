import { dataDirectory as userDataDirectory } from '../client/index.js';
import type { ApiLevel } from '../server/index.js';
import { CommandError } from './errors.js';

/** The data directory: `--data`, else SLIPWAY_HOME, else `slipway` in the user's data folder. */
export function dataDirectory(option: string | undefined, env = process.env): string {
  return userDataDirectory(option ? { SLIPWAY_HOME: option } : env);
}

/**
 * The port: `--port`, else SLIPWAY_PORT, else undefined.
 * @throws {CommandError} when it is not a port
 */
export function portNumber(option: string | undefined, env = process.env): number | undefined {
  const text = option ?? env.SLIPWAY_PORT;
  if (text === undefined || text === '') {
    return undefined;
  }
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new CommandError(
      `${JSON.stringify(text)} is not a port. Give a number from 0 (any free one) to 65535 with --port or SLIPWAY_PORT.`,
    );
  }
  return port;
}

/**
 * Which API the server has: `--api`.
 * @throws {CommandError} when there is none of that name
 */
export function apiLevel(option: string | undefined): ApiLevel | undefined {
  if (option === undefined || option === '9.1') return option;
  throw new CommandError(
    `There is no API ${JSON.stringify(option)}. Give --api 9.1 for that of R Server 9.1, or leave it out for all that notebooks can use.`,
  );
}

/**
 * How many seconds sessions wait for a server that is started again: SLIPWAY_SESSION_PATIENCE.
 * @throws {CommandError} when it is not a number of seconds
 */
export function sessionPatience(env = process.env): number | undefined {
  const text = env.SLIPWAY_SESSION_PATIENCE;
  if (!text) return undefined;
  if (!/^\d{1,8}$/.test(text)) {
    throw new CommandError(
      `SLIPWAY_SESSION_PATIENCE is ${JSON.stringify(text)}; it must be a number of seconds, such as 600.`,
    );
  }
  return Number(text);
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

/**
 * How much the server logs: SLIPWAY_LOG_LEVEL.
 * @throws {CommandError} when it is not a level
 */
export function logLevel(env = process.env): (typeof LOG_LEVELS)[number] | undefined {
  const text = env.SLIPWAY_LOG_LEVEL;
  if (!text) {
    return undefined;
  }
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) {
    throw new CommandError(
      `SLIPWAY_LOG_LEVEL is ${JSON.stringify(text)}; it must be one of ${LOG_LEVELS.join(', ')}.`,
    );
  }
  return level;
}
