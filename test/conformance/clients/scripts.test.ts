import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { python, startTestServer, type TestServer } from '../../support/server.js';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), 'slipway-clients-'));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a program in a folder of its own. @returns what it wrote, errors behind the rest */
async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: 'pipe',
  });
  child.stdin.end(`${server.password}\n`);
  const [out, errors] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return out + errors;
}

const script = (name: string) => join(import.meta.dirname, name);

describe('a server is used as R Server was', () => {
  it.each([
    ['a Python client of the kind that AutoRest made, from login to deletion', 'article.py'],
    ['the management SDK and ValidateSetup', 'management_sdk.py'],
  ])('by %s', async (_what, name) => {
    expect(await run(python, [script(name), server.url])).toBe('walked\n');
  });

  it('by curl', async () => {
    const env = { URL: server.url, PASSWORD: server.password };
    expect(await run('bash', [script('curl.sh')], env)).toBe('walked\n');
  });
});
