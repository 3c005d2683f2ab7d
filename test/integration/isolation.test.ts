import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusResponse } from '../../src/api/index.js';
import { escapes, type Target } from '../support/escapes.js';
import {
  type Flavour,
  SECRET,
  type SharedServer,
  startSharedServer,
  type Tenant,
} from '../support/isolation.js';
import { findBubblewrap } from '../support/requirements.js';
import { projectRoot } from '../support/server.js';

/** Only root can start servers that other accounts run. */
const isPossible = findBubblewrap() !== undefined && process.getuid?.() === 0;
const FLAVOURS: readonly Flavour[] = [
  'bubblewrap, by root',
  'bubblewrap, by an ordinary user',
  'account',
];

const PRESENT = `
import datetime, getpass, multiprocessing, multiprocessing.shared_memory, os, pathlib, signal
import socket, ssl, subprocess, tempfile, threading, zoneinfo
def square(queue):
    queue.put(7 * 7)
queue = multiprocessing.get_context("fork").Queue()
child = multiprocessing.get_context("fork").Process(target=square, args=(queue,))
child.start()
squared = queue.get(timeout=20)
child.join()
memory = multiprocessing.shared_memory.SharedMemory(create=True, size=4096)
memory.unlink()
pathlib.Path.home().joinpath(".cache").mkdir()
with tempfile.NamedTemporaryFile() as file:
    temporary = file.name
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
result = {
    "squared": squared,
    "user": getpass.getuser(),
    "shell": subprocess.run("echo $((6 * 7))", shell=True, capture_output=True, text=True).stdout.strip(),
    "host": socket.getaddrinfo("localhost", 80)[0][4][0] in ("127.0.0.1", "::1"),
    "zone": str(zoneinfo.ZoneInfo("Europe/Berlin")),
    "certificates": os.path.exists(ssl.get_default_verify_paths().cafile or ssl.get_default_verify_paths().capath or "/nowhere"),
    "writes": open("a-file", "w").write("hello"),
    "where": os.path.basename(os.getcwd()),
    "processors": os.cpu_count() > 0,
}
`;

describe.runIf(isPossible).each(FLAVOURS)(
  'sessions and services of a shared server (%s)',
  (flavour) => {
    let server: SharedServer;
    let victim: Tenant;
    let mallory: Tenant;
    let target: Target;

    beforeAll(async () => {
      server = await startSharedServer(flavour);
      victim = await server.admit('victim');
      mallory = await server.admit('mallory');
      await victim.run(
        'import tempfile\nopen("secret.txt", "w").write("for me alone")\nopen(tempfile.gettempdir() + "/secret", "w").write("for me alone")\nresult = 1',
      );
      // Elsewhere the folders of the system are as they are, for all accounts.
      const folders = ['/run', '/dev/shm'];
      if (flavour !== 'account') folders.push('/tmp', '/home', '/etc', '/var');
      target = await aimAt(server, victim, folders);
    }, 60_000);
    afterAll(() => server.close());

    it('keep code of a session from the server, its secrets and other users', async () => {
      expect(await mallory.run(escapes(target))).toEqual({});
    });

    it('keep code of a service from them, too', async () => {
      const published = await mallory.request('POST', '/services/escape/1', {
        json: {
          runtimeType: 'Python',
          code: `${escapes(target)}\nresult = [list(pair) for pair in result.items()]`,
          outputParameterDefinitions: [{ name: 'result', type: 'matrix' }],
        },
      });
      expect(published.status).toBe(201);
      const called = await mallory.request('POST', '/api/escape/1', { json: {} });
      expect(called.json()).toMatchObject({ outputParameters: { result: [] } });
    });

    it('leave Python all that it needs', async () => {
      expect(await mallory.run(PRESENT)).toEqual({
        squared: 49,
        user: 'slipway',
        shell: '42',
        host: true,
        zone: 'Europe/Berlin',
        certificates: true,
        writes: 5,
        where: mallory.id,
        processors: true,
      });
    });

    it('let files come and go, but through no link', async () => {
      await mallory.run(`
import os
os.symlink(${JSON.stringify(target.keys[0])}, "key")
os.symlink(${JSON.stringify(server.home)}, "data")
os.symlink(${JSON.stringify(join(server.home, 'work', victim.id))}, "theirs")
result = 1`);
      const files = `/sessions/${mallory.id}/files`;
      const status = async (method: string, name: string) =>
        (await mallory.request(method, `${files}/${encodeURIComponent(name)}`)).status;
      expect(await status('GET', 'key')).toBe(404);
      expect(await status('GET', 'data/slipway.db')).toBe(400);
      expect(await status('GET', 'theirs/secret.txt')).toBe(400);
      expect(await status('DELETE', 'theirs/secret.txt')).toBe(400);
      const form = new FormData();
      form.append('file', new Blob(['planted']), 'theirs/planted.txt');
      expect((await mallory.request('POST', files, { body: form })).status).toBe(400);
      const upload = new FormData();
      upload.append('file', new Blob(['mine']), 'folder/mine.txt');
      expect((await mallory.request('POST', files, { body: upload })).status).toBe(201);
      expect(await mallory.run('result = open("folder/mine.txt").read()')).toBe('mine');
      expect(await mallory.run('open("folder/other.txt", "w").write("more")\nresult = 1')).toBe(1);
      const listed = (await mallory.request('GET', files)).json<string[]>();
      expect(listed).toEqual(expect.arrayContaining(['folder/mine.txt', 'folder/other.txt']));
      expect(listed).not.toContain('key');
      expect((await mallory.request('GET', `${files}/folder%2Fother.txt`)).text).toBe('more');
    });

    it('save, load and publish snapshots, whose content nobody can change afterwards', async () => {
      await victim.run('data, result = list(range(1000)), 1');
      const saved = await victim.request('POST', `/sessions/${victim.id}/snapshot`, { json: {} });
      expect(saved.status).toBe(201);
      const { snapshotId } = saved.json<{ snapshotId: string }>();
      await victim.run('del data\nopen("secret.txt", "w").write("changed")\nresult = 1');
      const load = `/sessions/${victim.id}/loadsnapshot/${snapshotId}`;
      expect((await victim.request('POST', load)).status).toBe(200);
      expect(await victim.run('result = [sum(data), open("secret.txt").read()]')).toEqual([
        499_500,
        'for me alone',
      ]);
      const published = await victim.request('POST', '/services/summed/1', {
        json: {
          runtimeType: 'Python',
          snapshotId,
          code: 'total = sum(data)',
          outputParameterDefinitions: [{ name: 'total', type: 'integer' }],
        },
      });
      expect(published.status).toBe(201);
      const called = await mallory.request('POST', '/api/summed/1', { json: {} });
      expect(called.json()).toMatchObject({ outputParameters: { total: 499_500 } });
    });

    it('interrupt a cell, tell how a session ended, and end what it has started', async () => {
      const waiting = mallory.request('POST', `/sessions/${mallory.id}/execute`, {
        json: { code: 'import time\nprint("begun", flush=True)\ntime.sleep(600)' },
      });
      const output = () => mallory.request('GET', `/sessions/${mallory.id}/console-output`);
      await expect.poll(async () => (await output()).text).toContain('begun');
      await mallory.request('POST', `/sessions/${mallory.id}/cancel`);
      expect((await waiting).json()).toMatchObject({ success: false });
      const doomed = await server.admit('doomed');
      const seconds = 90_000 + (process.pid % 10_000);
      const code = `
import os, signal, subprocess
subprocess.Popen(["sleep", "${seconds}"], start_new_session=True)
os.kill(os.getpid(), signal.SIGSEGV)`;
      const path = `/sessions/${doomed.id}/execute`;
      expect((await doomed.request('POST', path, { json: { code } })).text).toContain('SIGSEGV');
      await expect.poll(() => running(`sleep ${seconds}`)).toBe(false);
      await expect.poll(() => readdir(join(server.home, 'work'))).not.toContain(doomed.id);
      expect(await readdir(join(server.home, 'scratch'))).not.toContain(doomed.id);
    });

    it('are described by the status', async () => {
      const { components } = (await mallory.request('GET', '/status')).json<StatusResponse>();
      expect(components?.isolation).toMatchObject({
        statusCode: 'pass',
        details: { kind: flavour === 'account' ? 'account' : 'bubblewrap', protects: 'user' },
      });
    });
  },
);

describe.runIf(isPossible)('a shared server with bubblewrap', () => {
  it('ends nothing of another server that gives its sessions the same account', async () => {
    const account = 65_400;
    const ids = { uid: account, gid: account, cwd: '/' };
    const others = spawn('sleep', ['600'], { ...ids, stdio: 'ignore' });
    const server = await startSharedServer('bubblewrap, by root', {
      SLIPWAY_ISOLATION_FIRST_ACCOUNT: String(account),
      SLIPWAY_ISOLATION_ACCOUNTS: '1',
    });
    try {
      const tenant = await server.admit('tenant');
      expect(await tenant.run('import os\nresult = os.getuid()')).toBe(account);
      expect((await tenant.request('DELETE', `/sessions/${tenant.id}/force`)).status).toBe(200);
      await expect.poll(() => readdir(join(server.home, 'work'))).not.toContain(tenant.id);
      expect(others.signalCode).toBeNull();
    } finally {
      others.kill();
      await server.close();
    }
  });
});

describe.runIf(isPossible)('a shared server without isolation', () => {
  it('says so, and is open to all that the tests above try', async () => {
    const server = await startSharedServer('none, by an ordinary user');
    try {
      const victim = await server.admit('victim');
      const mallory = await server.admit('mallory');
      await victim.run('open("secret.txt", "w").write("for me alone")\nresult = 1');
      const found = await mallory.run<object>(escapes(await aimAt(server, victim, [])));
      expect(Object.keys(found)).toEqual(
        expect.arrayContaining([
          'list keys',
          'read slipway.db',
          'read a key',
          'link a key',
          'find secrets in the data directory',
          "read the victim's file",
          "write to the victim's folder",
          "connect to the victim's socket",
          'list fd of the server',
          'go through the server',
          'trace the server',
          'signal the victim',
        ]),
      );
      const { components } = (await mallory.request('GET', '/status')).json<StatusResponse>();
      expect(components?.isolation).toMatchObject({
        statusCode: 'warn',
        details: { kind: 'none', protects: 'nothing' },
      });
      expect(server.process.output()).toContain('Sessions are not isolated');
    } finally {
      await server.close();
    }
  });
});

describe.runIf(isPossible)('a server of one user', () => {
  const RIGHTS = `
import os
result = {"root": os.stat("/etc/passwd").st_uid, "keys": os.path.exists(os.path.join(HOME, "keys"))}`;

  it.each([
    // ssh wants files of the system to be root's, as they are unless hiding has been asked for.
    ['auto', { kind: 'none', protects: 'nothing' }, { root: 0, keys: true }],
    ['bubblewrap', { kind: 'bubblewrap', protects: 'data' }, { root: 65_534, keys: false }],
  ])('who is not root, with isolation %s', async (mode, details, rights) => {
    const flavour = 'bubblewrap, by an ordinary user';
    const server = await startSharedServer(flavour, { SLIPWAY_ISOLATION: mode }, 'embedded');
    try {
      const tenant = await server.admit('tenant');
      const code = `HOME = ${JSON.stringify(server.home)}${RIGHTS}`;
      expect(await tenant.run(code)).toEqual(rights);
      const status = (await tenant.request('GET', '/status')).json<StatusResponse>();
      expect(status.components?.isolation).toMatchObject({ statusCode: 'pass', details });
    } finally {
      await server.close();
    }
  });
});

/** All that an attacker may know of a server and of another user's session. */
async function aimAt(
  server: SharedServer,
  victim: Tenant,
  folders: readonly string[],
): Promise<Target> {
  const { home } = server;
  const keys = (await readdir(join(home, 'keys'))).map((name) => join(home, 'keys', name));
  const contents = await Promise.all(keys.map((path) => readFile(path, 'utf8').then(middleOf)));
  return {
    home,
    serverPid: server.pid,
    victimPid: await server.pythonOf(victim.id),
    victim: victim.id,
    socket: await server.socketOf(victim.id),
    keys,
    package: join(projectRoot, 'python', 'slipway_session', 'kernel.py'),
    allowed: ['.pyenv'],
    folders,
    secrets: [SECRET, server.process.runtime.password, ...contents],
  };
}

/** A line of the body of a key. */
function middleOf(key: string): string {
  return key.split('\n').find((line) => /^[\w+/=]{40,}$/.test(line)) ?? key;
}

/** Whether a process with such a command line runs. */
async function running(command: string): Promise<boolean> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.some((line) => line.replaceAll('\0', ' ').trim() === command);
}
