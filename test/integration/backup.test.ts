import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeHold } from '../../src/server/hold.js';
import { GARBAGE_HOLD, openStore } from '../../src/server/store/index.js';
import { cliEnvironment, runCli, type ServerProcess, startServerProcess } from '../support/cli.js';
import { projectRoot, send } from '../support/server.js';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-backup-'));
});
afterAll(() => rm(base, { recursive: true, force: true, maxRetries: 5 }));

const home = (name: string) => join(base, name);
const folder = () => home('backup');

/** A user of a server, logged in. */
async function logIn({ url, username, password }: ServerProcess['runtime']) {
  const json = { username, password };
  const answer = await send(url, null, 'POST', '/login', { json });
  const { access_token: token } = answer.json<{ access_token: string }>();
  return async (method: string, path: string, body?: object) => {
    const { status, text } = await send(url, token, method, path, body && { json: body });
    return { status, text, json: <T>() => JSON.parse(text) as T };
  };
}

describe('slipway server backup', () => {
  let password: string;
  let refreshToken: string;

  it('copies the data of a server that is being written to', async () => {
    const env = cliEnvironment(home('first'));
    const server = await startServerProcess(home('first'), env, 'shared');
    try {
      ({ password } = server.runtime);
      const call = await logIn(server.runtime);
      const json = { username: 'admin', password };
      const login = await send(server.runtime.url, null, 'POST', '/login', { json });
      refreshToken = login.json<{ refresh_token: string }>().refresh_token;
      await writeFile(join(home('first'), 'server-config.json'), '{"maxSessions": 7}');
      const created = await call('POST', '/sessions', { runtimeType: 'Python' });
      const { sessionId } = created.json<{ sessionId: string }>();

      let isDone = false;
      let written = 0;
      const write = async () => {
        for (; !isDone || written < 5; written += 1) {
          const code = `x = ${written}; open('file', 'w').write('content ${written}')`;
          await call('POST', `/sessions/${sessionId}/execute`, { code });
          const saved = await call('POST', `/sessions/${sessionId}/snapshot`, {
            name: `s${written}`,
          });
          const { snapshotId } = saved.json<{ snapshotId: string }>();
          const service = { runtimeType: 'Python', snapshotId, code: 'y = x + 1000' };
          const outputParameterDefinitions = [{ name: 'y', type: 'integer' }];
          const definition = { ...service, outputParameterDefinitions };
          expect((await call('POST', `/services/s/${written}`, definition)).status).toBe(201);
          // A service has its own copy; this content loses its last reference but one.
          if (written % 2 === 1) await call('DELETE', `/snapshots/${snapshotId}`);
        }
      };
      const writing = write();
      await expect.poll(() => written, { timeout: 30_000 }).toBeGreaterThan(2);
      const made = await runCli(['server', 'backup', folder()], env);
      isDone = true;
      await writing;
      expect(made).toMatchObject({ exitCode: 0, stderr: '' });
      expect(made.stdout).toMatch(/^Backed up .* \d+ files, [\d.]+ KiB\. It holds/);
    } finally {
      await server.end('SIGINT');
    }
  });

  it('is its owner’s alone, and holds nothing of a running server', async () => {
    expect((await stat(folder())).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder(), 'slipway.db'))).mode & 0o777).toBe(0o600);
    expect((await readdir(folder())).sort()).toEqual([
      ...['admin-password', 'audit.log', 'backup.json', 'blobs', 'keys', 'server-config.json'],
      'slipway.db',
    ]);
  });

  it('is of a directory of which each file and folder is documented', async () => {
    const page = join(projectRoot, 'docs/server-administration.md');
    const [, chapter = ''] = (await readFile(page, 'utf8')).split('\n## The data directory\n');
    const documented = [...(chapter.split('\n## ')[0] ?? '').matchAll(/`([\w.-]+)\/?`/g)];
    const names = new Set(documented.map(([, name]) => name));
    const found = (await readdir(home('first'))).filter((name) => !/\.db-(wal|shm)$/.test(name));
    expect(found.filter((name) => !names.has(name))).toEqual([]);
    expect(found).toEqual(expect.arrayContaining(['inbox', 'sealed', 'slipway.db', 'work']));
  });

  it('can be restored where nothing is: logins, snapshots and services go on', async () => {
    const env = cliEnvironment(home('second'));
    const restored = await runCli(['server', 'restore', folder()], env);
    expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
    const config = await readFile(join(home('second'), 'server-config.json'), 'utf8');
    expect(config).toBe('{"maxSessions": 7}');
    const server = await startServerProcess(home('second'), env, 'shared');
    try {
      expect(server.runtime.password).toBe(password);
      const { url } = server.runtime;
      const renewed = await send(url, null, 'POST', '/login/refreshToken', {
        json: { refreshToken },
      });
      expect(renewed.status).toBe(200);
      const call = await logIn(server.runtime);
      const services = (await call('GET', '/services')).json<{ version: string }[]>();
      expect(services.length).toBeGreaterThan(2);
      for (const { version } of services) {
        const { json } = await call('POST', `/api/s/${version}`, {});
        expect(json()).toMatchObject({ outputParameters: { y: 1000 + Number(version) } });
      }
      const snapshots = (await call('GET', '/snapshots')).json<{ id: string; name: string }[]>();
      expect(snapshots.length).toBeGreaterThan(0);
      for (const { id, name } of snapshots) {
        const zip = await call('GET', `/snapshots/${id}`);
        expect(zip.status).toBe(200);
        expect(zip.text).toContain(`content ${name.slice(1)}`);
      }
    } finally {
      await server.end('SIGINT');
    }
  });

  it('replaces nothing unless it is told to, and then keeps what was there', async () => {
    const env = cliEnvironment(home('second'));
    const refused = await runCli(['server', 'restore', folder()], env);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('--replace')]);
    const { stdout, exitCode } = await runCli(['server', 'restore', folder(), '--replace'], env);
    expect(exitCode).toBe(0);
    const [, kept = ''] = /What was there is in (.*)\./.exec(stdout) ?? [];
    expect(await readdir(kept)).toEqual(expect.arrayContaining(['blobs', 'keys', 'slipway.db']));
  });

  it('is refused where a server runs, where data is not, and in the wrong places', async () => {
    const env = cliEnvironment(home('second'));
    const server = await startServerProcess(home('second'), env, 'shared');
    try {
      const { exitCode } = await runCli(['server', 'restore', folder(), '--replace'], env);
      expect(exitCode).toBe(3);
    } finally {
      await server.end('SIGINT');
    }
    await symlink(home('second'), home('link'));
    await mkdir(`${home('taken')}.partial`);
    const sentences: [string, RegExp][] = [
      [folder(), /is there already/],
      [home('taken'), /taken\.partial is there already: what a backup left that was broken off/],
      [join(home('second'), 'x'), /lies in the data directory itself/],
      [join(home('link'), 'new', 'x'), /lies in the data directory itself/],
    ];
    for (const [target, sentence] of sentences) {
      const { stderr, exitCode } = await runCli(['server', 'backup', target], env);
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(sentence)]);
    }
    const empty = cliEnvironment(home('empty'));
    const { stderr } = await runCli(['server', 'backup', home('x')], empty);
    expect(stderr).toMatch(/is not the data directory of a server/);
  });

  it('is refused when it is damaged, and then nothing is changed', async () => {
    const env = cliEnvironment(home('third'));
    const refusal = async () => {
      const { stderr, exitCode } = await runCli(['server', 'restore', folder()], env);
      expect(exitCode).toBe(1);
      expect((await readdir(home('third'))).filter((name) => name !== 'lock.db')).toEqual([]);
      return stderr;
    };
    const [shard = ''] = await readdir(join(folder(), 'blobs'));
    const [rest = ''] = await readdir(join(folder(), 'blobs', shard));
    const blob = join(folder(), 'blobs', shard, rest);
    await chmod(blob, 0o600);
    await appendFile(blob, 'x');
    expect(await refusal()).toContain(`${blob} is damaged`);
    await rm(blob);
    expect(await refusal()).toMatch(/has \d+ files where backup\.json says \d+/);
    await writeFile(join(folder(), 'slipway.db'), 'x'.repeat(5000));
    expect(await refusal()).toContain('database of the backup');
    await rm(join(folder(), 'backup.json'));
    expect(await refusal()).toContain('is not a backup, or not a whole one');
  });
});

describe('unused content', () => {
  it('is kept while a backup copies, and removed afterwards', async () => {
    const directory = home('garbage');
    const store = await openStore(directory);
    try {
      const blob = join(directory, 'blobs', 'ab', 'c'.repeat(62));
      await mkdir(join(directory, 'blobs', 'ab'));
      await writeFile(blob, 'unused');
      await utimes(blob, 0, 0);
      const hold = takeHold(join(directory, GARBAGE_HOLD), 0);
      expect(await store.collectGarbage()).toBe(0);
      hold?.release();
      expect(await store.collectGarbage()).toBe(1);
    } finally {
      await store.close();
    }
  });
});
