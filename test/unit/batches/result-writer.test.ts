import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ResultLog } from '../../../src/server/batches/result-log.js';
import { ResultWriter } from '../../../src/server/batches/result-writer.js';

const MEBIBYTE = 1024 * 1024;

let folder: string;
let log: ResultLog;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-writer-'));
  log = await ResultLog.resume(join(folder, 'results'), 100);
});
afterEach(async () => {
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

const row = (index: number, bytes = 2) => ({ index, answer: Buffer.alloc(bytes, '1'), files: [] });

/** A disk that writes nothing until it is told to. */
function slowDisk() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const real = log.append.bind(log);
  vi.spyOn(log, 'append').mockImplementation(async (rows) => {
    await promise;
    await real(rows);
  });
  return resolve;
}

describe('answers of a batch', () => {
  it('that wait for the disk are no more than 16 MiB: who has the next one waits, too', async () => {
    const release = slowDisk();
    const writer = new ResultWriter(log, async () => undefined);
    const taken: number[] = [];
    const adds = Array.from({ length: 20 }, async (_, index) => {
      await writer.add(row(index, MEBIBYTE));
      taken.push(index);
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toEqual(Array.from({ length: 16 }, (_, index) => index));
    release();
    await Promise.all(adds);
    await writer.flush();
    expect(log.prefix).toBe(20);
  });

  it('are written together, and are there when the end has been waited for', async () => {
    const append = vi.spyOn(log, 'append');
    const writer = new ResultWriter(log, async () => undefined);
    for (let index = 0; index < 100; index += 1) await writer.add(row(index));
    expect(log.prefix).toBe(0);
    await writer.flush();
    expect([log.prefix, append.mock.calls.length]).toEqual([100, 1]);
  });

  it('behind one that could not be written are not, and their rows are told why', async () => {
    const append = vi.spyOn(log, 'append').mockRejectedValueOnce(new Error('The disk is full.'));
    const writer = new ResultWriter(log, async () => undefined);
    await writer.add(row(0));
    await expect(writer.flush()).rejects.toThrow('The disk is full.');
    await expect(writer.add(row(1))).rejects.toThrow('The disk is full.');
    await expect(writer.flush()).rejects.toThrow('The disk is full.');
    expect([log.prefix, append.mock.calls.length]).toEqual([0, 1]);
  });
});
