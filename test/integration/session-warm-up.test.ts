import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalCompute } from '../../src/compute/index.js';
import { RunningKernel } from '../../src/server/sessions/running-kernel.js';
import { askHelper } from '../../src/server/sessions/session-helper.js';
import { warmUp } from '../../src/server/sessions/warm-up.js';
import { testConfig } from '../support/server.js';

let dataDirectory: string;
let compute: LocalCompute;
let kernel: RunningKernel;

beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'slipway-test-'));
  compute = await LocalCompute.create(testConfig(dataDirectory));
  const process = await compute.startSession('warm-up');
  kernel = await RunningKernel.connect(process, pino({ level: 'silent' }));
  await kernel.client.begin();
});
afterAll(async () => {
  await kernel.kill();
  await compute.close();
  await rm(dataDirectory, { recursive: true, force: true });
});

/** How many modules the session has loaded. */
async function modules(): Promise<number> {
  const args = { expressions: { count: 'len(__import__("sys").modules)' } };
  const { result } = await askHelper(kernel.client, 'evaluate', args);
  return Number((result.values as { count: number }).count);
}

it('a session that somebody takes is left alone by its warm-up', async () => {
  const before = await modules();
  await warmUp(kernel.client, () => true);
  expect(await modules()).toBe(before);
});

it('a session in reserve loads what its first cell, its first Tab and its first help need', async () => {
  const before = await modules();
  await warmUp(kernel.client, () => false);
  const after = await modules();
  expect(after).toBeGreaterThan(before);
  await warmUp(kernel.client, () => false);
  expect(await modules()).toBe(after);
});
