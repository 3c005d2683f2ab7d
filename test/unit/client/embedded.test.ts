import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  connectConfigured,
  connectEmbedded,
  dataDirectory,
  findEmbeddedServer,
  MissingCredentialsError,
  RuntimeFileError,
} from '../../../src/client/index.js';
import { ScriptedServer } from './scripted-server.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-client-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const content = {
  url: 'http://127.0.0.1:1',
  pid: process.pid,
  version: '0.1.0',
  username: 'admin',
  password: 'Random-1',
  startedAt: '2026-01-01T00:00:00Z',
};

function write(text: string, mode = 0o600): Promise<void> {
  const path = join(directory, 'runtime.json');
  return writeFile(path, text).then(() => chmod(path, mode));
}

describe('runtime.json', () => {
  it('says where the server is', async () => {
    await write(JSON.stringify(content));
    await expect(findEmbeddedServer(directory)).resolves.toEqual({
      url: content.url,
      credentials: { kind: 'password', username: 'admin', password: 'Random-1' },
    });
  });

  it('may be absent', async () => {
    await expect(findEmbeddedServer(directory)).resolves.toBeUndefined();
    await expect(findEmbeddedServer(join(directory, 'none'))).resolves.toBeUndefined();
  });

  it('of a process that has ended counts for nothing', async () => {
    const { pid } = spawnSync('true');
    await write(JSON.stringify({ ...content, pid }));
    await expect(findEmbeddedServer(directory)).resolves.toBeUndefined();
  });

  it.each([0o644, 0o660, 0o606])('is not trusted with mode %o', async (mode) => {
    await write(JSON.stringify(content), mode);
    await expect(findEmbeddedServer(directory)).rejects.toThrow(RuntimeFileError);
  });

  it.each(['{', '[]', 'null', '{"url": "http://127.0.0.1:1"}'])('may not hold %s', async (text) => {
    await write(text);
    const error = await findEmbeddedServer(directory).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RuntimeFileError);
    expect(String(error)).toContain('Delete it');
  });
});

describe('connecting', () => {
  it('uses the server that runs', async () => {
    const server = await ScriptedServer.start(({ path }) =>
      path === '/login'
        ? { body: { access_token: 'a', refresh_token: 'r', expires_in: 3600, expires_on: 0 } }
        : { body: [] },
    );
    await write(JSON.stringify({ ...content, url: server.url }));
    const client = await connectEmbedded({ SLIPWAY_HOME: directory });
    expect(client.url).toBe(server.url);
    expect(client.embedded).toBe(true);
    expect(server.seen[0]?.body).toContain('"password":"Random-1"');
    await client.close();
    await server.close();
  });

  it('asks for a way to log in to a server that the environment names', async () => {
    const env = { SLIPWAY_URL: 'http://host', XDG_CONFIG_HOME: directory };
    const error = await connectConfigured({ env }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MissingCredentialsError);
    expect(String(error)).toContain('SLIPWAY_PASSWORD');
  });

  it.each([
    [{ SLIPWAY_HOME: '/a/b' }, '/a/b'],
    [{ XDG_DATA_HOME: '/x' }, '/x/slipway'],
  ])('keeps its data where %j says', (env, expected) => {
    expect(dataDirectory(env)).toBe(expected);
  });
});
