import { mkdtempSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, expect, it, vi } from 'vitest';
import { AuditLog } from '../../../src/server/audit/index.js';

const silent = pino({ level: 'silent' });
const directory = mkdtempSync(join(tmpdir(), 'slipway-audit-log-'));
afterAll(() => rm(directory, { recursive: true }));

it('says as an event how many of them are lost that no memory was left for', async () => {
  const dataDirectory = join(directory, 'lost');
  const log = new AuditLog({ dataDirectory, audit: { maxBytes: 1e9, keep: 1 } }, silent);
  // The file is open only after this turn of the event loop: until then all of it waits.
  const name = 'x'.repeat(1024 * 1024);
  for (let number = 0; number < 18; number += 1)
    log.note({ operation: 'change', subject: { name } });
  const lines = async () => (await readFile(join(dataDirectory, 'audit.log'), 'utf8')).split('\n');
  await vi.waitFor(async () => expect((await lines()).length).toBe(15 + 1 + 1));
  expect(JSON.parse((await lines())[15] as string)).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    operation: 'events lost',
    subject: { events: '3' },
  });
  log.close();
});

it('begins another file after audit.maxBytes, and keeps audit.keep full ones', async () => {
  const dataDirectory = join(directory, 'full');
  const config = { dataDirectory, audit: { maxBytes: 1024, keep: 2 } };
  const log = new AuditLog(config, silent);
  const newest = async () => (await readFile(join(dataDirectory, 'audit.log'), 'utf8')).trim();
  for (let number = 0; number < 5; number += 1) {
    // More than a file holds, so that each is noted in a file of its own.
    log.note({ operation: `change ${number}`, subject: { name: 'x'.repeat(1024) } });
    const before = `audit.log.${Math.min(number + 1, config.audit.keep)}`;
    await vi.waitFor(async () => {
      expect(await newest()).toBe('');
      expect(await readdir(dataDirectory)).toContain(before);
    });
  }
  log.close();
  expect((await readdir(dataDirectory)).sort()).toEqual([
    'audit.log',
    'audit.log.1',
    'audit.log.2',
  ]);
  const last = JSON.parse(await readFile(join(dataDirectory, 'audit.log.1'), 'utf8'));
  expect(last).toMatchObject({ operation: 'change 4' });
});
