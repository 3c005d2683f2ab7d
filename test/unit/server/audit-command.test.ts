import { mkdtempSync } from 'node:fs';
import { chown, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { auditCommand } from '../../../src/server/audit/index.js';

const directory = mkdtempSync(join(tmpdir(), 'slipway-audit-'));
afterAll(() => rm(directory, { recursive: true }));

const path = join(directory, 'audit.log');
/** An account that a server may have, where the tests may give it a directory. */
const account = userInfo().uid === 0 ? 65534 : userInfo().uid;

it('a command of root’s leaves the audit log to the account of the server', async () => {
  await chown(directory, account, userInfo().gid);
  auditCommand(directory, 'slipway user add', { name: 'ada' });
  const { uid, mode } = await stat(path);
  expect([uid, mode & 0o777]).toEqual([account, 0o600]);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
    user: `${userInfo().username} (command line)`,
    operation: 'slipway user add',
    subject: { name: 'ada' },
  });
});

it('a command that could not be noted says that it was done, and why it is not noted', async () => {
  await rm(path);
  await mkdir(path);
  expect(() => auditCommand(directory, 'slipway user remove')).toThrow(
    /^slipway user remove has done its work, but .*audit\.log could not be written \(EISDIR\)/,
  );
});
