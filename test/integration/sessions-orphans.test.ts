import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecuteResponse } from '../../src/api/index.js';
import { cliEnvironment, type ServerProcess, startServerProcess } from '../support/cli.js';
import { send } from '../support/server.js';

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-orphans-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function tokenFor({ runtime }: ServerProcess): Promise<string> {
  const { url, username, password } = runtime;
  const answer = await send(url, null, 'POST', '/login', { json: { username, password } });
  return answer.json<{ access_token: string }>().access_token;
}

describe('a server that is killed', () => {
  it.runIf(process.platform === 'linux')(
    'leaves no session behind, not even a busy one, and its files go at the next start',
    async () => {
      const env = cliEnvironment(home);
      const killed = await startServerProcess(home, env);
      const token = await tokenFor(killed);
      const created = await send(killed.runtime.url, token, 'POST', '/sessions', {
        json: { runtimeType: 'Python' },
      });
      const { sessionId } = created.json<{ sessionId: string }>();
      const executed = await send(
        killed.runtime.url,
        token,
        'POST',
        `/sessions/${sessionId}/execute`,
        {
          json: {
            code: 'import os, threading\npid = os.getpid()\ndef spin():\n    while True: pass\nthreading.Thread(target=spin).start()',
            outputParameters: ['pid'],
          },
        },
      );
      const pid = executed.json<ExecuteResponse>().outputParameters[0]?.value as number;
      await killed.end('SIGKILL');
      await expect
        .poll(() => existsSync(`/proc/${pid}/fd/0`), { timeout: 10_000, interval: 100 })
        .toBe(false);
      expect(await readdir(join(home, 'work'))).toContain(sessionId);

      const next = await startServerProcess(home, env);
      try {
        expect(await readdir(join(home, 'work'))).not.toContain(sessionId);
      } finally {
        await next.end('SIGTERM');
      }
      expect(await readdir(join(home, 'work'))).toEqual([]);
    },
  );
});
