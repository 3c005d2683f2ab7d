import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rotateSigningKey, SigningKeys } from '../../../src/server/auth/index.js';

/** Lifetime of tokens with which a former key, kept five minutes longer, ends in a second. */
const ALMOST_OVER = -299;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-keys-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it('a key that was exchanged counts as long as its tokens can last, and not a second longer', async () => {
  const keys = await SigningKeys.open(directory);
  const { id } = await keys.current();
  const next = await rotateSigningKey(directory, ALMOST_OVER);
  expect(await keys.find(id)).toBeDefined();
  expect(await keys.find(next)).toBeDefined();
  expect((await keys.current()).id).toBe(next);
  await expect.poll(() => keys.find(id), { timeout: 5000 }).toBeUndefined();
  expect(await (await SigningKeys.open(directory)).find(id)).toBeUndefined();
});

it('a key whose tokens are over is removed by the next exchange', async () => {
  await SigningKeys.open(directory);
  await rotateSigningKey(directory, -1000);
  const former = async () =>
    (await readdir(join(directory, 'keys'))).filter((name) => name.startsWith('former.'));
  const [over] = await former();
  await rotateSigningKey(directory, 3600);
  expect(await former()).not.toContain(over);
  expect(await former()).toHaveLength(1);
});
