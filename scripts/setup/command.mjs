import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { CommandFailedError, RegistryUnreachableError } from './errors.mjs';
import { logs, root } from './paths.mjs';

/** What npm and pip write when the registry, and not a package, is the trouble. */
const UNREACHABLE =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT|NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|SSLError|Connection refused|name resolution|from versions: none/;

const TAIL_LINES = 12;

/**
 * Runs a command of set-up silently; all that it says goes to a log.
 * @param {string} name of the log
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, installer?: 'npm' | 'pip' }} [options] `installer` tells an
 *   unreachable registry from other failures
 * @throws {CommandFailedError | RegistryUnreachableError}
 */
export async function runQuietly(name, command, args, { env = process.env, installer } = {}) {
  mkdirSync(logs, { recursive: true });
  const logPath = join(logs, `${name}.log`);
  const log = createWriteStream(logPath);
  let output = '';
  const { outcome, error } = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output = (output + text).slice(-64_000);
        log.write(text);
      });
    }
    child.once('error', (error) => resolve({ outcome: 'it could not be started', error }));
    child.once('close', (code, signal) =>
      resolve({ outcome: signal ? `signal ${signal}` : `exit code ${code}` }),
    );
  });
  log.end();
  await finished(log);
  if (outcome === 'exit code 0') return;

  const tail = error?.message ?? lastLines(output);
  if (installer && UNREACHABLE.test(output)) {
    throw new RegistryUnreachableError(installer, tail, logPath);
  }
  throw new CommandFailedError([command, ...args].join(' '), outcome, tail, logPath);
}

/**
 * The end of what a command said, without the lines of stack traces.
 * @param {string} output
 */
function lastLines(output) {
  const lines = output.trimEnd().split('\n');
  return lines
    .filter((line) => !/^(npm error)?\s+at /.test(line))
    .slice(-TAIL_LINES)
    .join('\n');
}

/**
 * Runs a program in the foreground, on this terminal. Ctrl-C reaches it directly, as it is in the
 * same process group; a SIGTERM or SIGHUP sent to this process alone is passed on.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} its exit code; 128 + n when signal n ended it
 */
export function runInForeground(command, args, { env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
    /** @param {NodeJS.Signals} signal */
    const passOn = (signal) => child.kill(signal);
    const leaveToChild = () => undefined;
    process.on('SIGINT', leaveToChild).on('SIGTERM', passOn).on('SIGHUP', passOn);
    const stopListening = () => {
      process.off('SIGINT', leaveToChild).off('SIGTERM', passOn).off('SIGHUP', passOn);
    };
    child.once('error', (error) => {
      stopListening();
      reject(error);
    });
    child.once('close', (code, signal) => {
      stopListening();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

/**
 * PATH without the project's own programs: npm, and the install scripts that it runs, must not run
 * on the Node that it is about to replace.
 * @param {string} [path]
 */
export function pathOutsideProject(path = process.env.PATH ?? '') {
  return path
    .split(delimiter)
    .filter((folder) => !folder.startsWith(join(root, 'node_modules')))
    .join(delimiter);
}
