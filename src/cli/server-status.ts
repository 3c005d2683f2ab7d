import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { json } from 'node:stream/consumers';
import { isObject } from '../client/index.js';
import { findServer, type RunningServer } from './running-server.js';
import { dataDirectory } from './settings.js';

/** Exit codes of `slipway server status`; 0 is for a server that takes requests. */
const NOT_RUNNING = 1;
const NOT_READY = 2;

/** Milliseconds that a server has to say how it is. */
const ANSWER_TIMEOUT = 5000;

/** `slipway server status`: whether a server runs, where, and whether it takes requests. */
export async function showStatus(options: { data?: string; json?: boolean }): Promise<void> {
  const directory = dataDirectory(options.data);
  const server = await findServer(directory);
  const state = server === undefined ? 'stopped' : await askHealth(server);
  process.exitCode = server === undefined ? NOT_RUNNING : state === 'ready' ? 0 : NOT_READY;
  if (options.json) {
    const status = { state, ...server, data: directory };
    process.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
    return;
  }
  if (server === undefined) {
    process.stdout.write(
      `No server runs on ${directory}. Start one with "slipway server start", or a notebook with the kernel.\n`,
    );
    return;
  }
  const { url, pid, version, startedAt, log, metrics } = server;
  const rows = [
    ['url', url],
    ['state', state],
    ['process', String(pid)],
    ['version', version],
    ['since', startedAt],
    ['data', directory],
    ['log', log ?? 'standard output'],
    ...(metrics === undefined ? [] : [['metrics', metrics] as const]),
  ] as const;
  process.stdout.write(rows.map(([name, value]) => `${name.padEnd(8)} ${value}\n`).join(''));
}

/** The word of its readiness: `ready`, `starting`, …; `silent` when there is no answer. */
function askHealth({ url }: RunningServer): Promise<string> {
  return new Promise((resolve) => {
    const target = new URL('/health/ready', url);
    const options = { timeout: ANSWER_TIMEOUT, agent: false } as const;
    const request =
      target.protocol === 'https:'
        ? // Its certificate may be for its public name. Nothing is sent that has to be kept secret.
          getSecure(target, { ...options, rejectUnauthorized: false })
        : getPlain(target, options);
    request.on('response', (answer) => {
      json(answer).then(
        (word) => resolve(isObject(word) ? String(word.status) : 'silent'),
        () => resolve('silent'),
      );
    });
    request.on('timeout', () => request.destroy(new Error('There was no answer in time.')));
    request.on('error', () => resolve('silent'));
  });
}
