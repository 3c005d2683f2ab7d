import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionInfo } from '../../src/jupyter/index.js';
import { writeConnectionFile } from '../support/kernel.js';

const MAIN = resolve(import.meta.dirname, '../../dist/kernel/main.cjs');
/** Who may read every file cannot be refused one: root becomes nobody for that. */
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

let directory: string;
const directories: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-start-'));
  directories.push(directory);
});
afterAll(async () => {
  for (const path of directories) await rm(path, { recursive: true, force: true });
});

async function file(fields: Partial<Record<keyof ConnectionInfo, unknown>> = {}) {
  const written = await writeConnectionFile(fields as Partial<ConnectionInfo>);
  directories.push(written.directory);
  return written;
}

/** Starts a kernel that cannot start, and returns what it said. */
async function start(args: readonly string[], uid?: number) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, status: status as number | null };
}

type Attempt = readonly [what: string, code: string, status: number, args: () => Promise<string[]>];

const withFields = (fields: Parameters<typeof file>[0]) => async () => [(await file(fields)).path];

const attempts: Attempt[] = [
  ['it is not given', 'CONNECTION_FILE_NOT_GIVEN', 2, async () => []],
  ['it is missing', 'CONNECTION_FILE_MISSING', 10, async () => [join(directory, 'none.json')]],
  ['it is a directory', 'CONNECTION_FILE_UNREADABLE', 11, async () => [directory]],
  [
    'it is empty',
    'CONNECTION_FILE_SYNTAX',
    12,
    async () => {
      const { path } = await file();
      await truncate(path);
      return [path];
    },
  ],
  [
    'it is cut off',
    'CONNECTION_FILE_SYNTAX',
    12,
    async () => {
      const { path, connection } = await file();
      await writeFile(path, JSON.stringify(connection).slice(0, -9));
      return [path];
    },
  ],
  ['its transport is unknown', 'CONNECTION_TRANSPORT', 13, withFields({ transport: 'udp' })],
  ['it has no address', 'CONNECTION_ADDRESS', 14, withFields({ ip: undefined })],
  ['it has no key', 'CONNECTION_KEY', 15, withFields({ key: undefined })],
  ['a port is missing', 'CONNECTION_PORT', 16, withFields({ control_port: undefined })],
  ['a port is out of range', 'CONNECTION_PORT', 16, withFields({ hb_port: 65_536 })],
  [
    'it has half a pair of keys',
    'CONNECTION_CURVE_KEYS',
    17,
    withFields({ curve_secretkey: 'x'.repeat(40) }),
  ],
  [
    'its signature scheme is unknown',
    'UNKNOWN_SIGNATURE_SCHEME',
    18,
    withFields({ signature_scheme: 'hmac-rot13' }),
  ],
  ['its address is not ours', 'ADDRESS_NOT_BOUND', 21, withFields({ ip: '192.0.2.1' })],
  [
    'its folder for ipc does not exist',
    'ADDRESS_NOT_BOUND',
    21,
    async () => [(await file({ transport: 'ipc', ip: join(directory, 'none', 'kernel') })).path],
  ],
];

describe('a kernel whose connection file cannot be used', () => {
  const expectSentence = async (args: string[], code: string, status: number, uid?: number) => {
    const said = await start(args, uid);
    expect(said.status, said.stderr).toBe(status);
    expect(said.stderr).toMatch(new RegExp(`^\\[slipway\\] [^\\n]+\\. \\(${code}\\)\\n$`));
    expect(said.stdout).toBe('');
  };

  it.each(attempts)(
    'says so in one sentence and ends when %s: %s, status %i',
    async (...attempt) => {
      const [, code, status, args] = attempt;
      await expectSentence(await args(), code, status);
    },
  );

  it.each(['shell_port', 'iopub_port', 'stdin_port', 'control_port', 'hb_port'] as const)(
    'says so in one sentence and ends when its %s is taken: PORT_TAKEN, status 20',
    async (port) => {
      const { path, connection } = await file();
      const holder = createServer();
      holder.listen(connection[port], '127.0.0.1');
      await once(holder, 'listening');
      try {
        await expectSentence([path], 'PORT_TAKEN', 20);
      } finally {
        holder.close();
      }
    },
  );

  it('says so in one sentence when it may not be read', async () => {
    const { path } = await file();
    await chmod(path, 0);
    await expectSentence([path], 'CONNECTION_FILE_UNREADABLE', 11, isRoot ? NOBODY : undefined);
  });
});
