import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('npm start', () => {
  let home: string;
  let other: Server;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'slipway-start-'));
    other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
  });
  afterEach(async () => {
    other.close();
    await rm(home, { recursive: true, force: true });
  });

  it('says that the port of the server is taken, and how to choose another', async () => {
    const { port } = other.address() as AddressInfo;
    const env = {
      ...process.env,
      SLIPWAY_HOME: home,
      SLIPWAY_PORT: String(port),
      SLIPWAY_URL: '',
      // What set-up itself does has tests of its own; here it is done.
      SLIPWAY_SETUP_DONE: '1',
    };
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [join(root, 'scripts/start.mjs'), '--no-browser'],
        { env, timeout: 50_000 },
        (error, _stdout, text) => resolve({ code: error?.code, stderr: text }),
      );
    });
    expect(code).toBe(4);
    expect(stderr).toContain('The server did not start');
    expect(stderr).toContain('SLIPWAY_PORT=12900 npm start');
    expect(stderr).not.toContain('    at ');
  });
});
