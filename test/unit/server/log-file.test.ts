import { mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogOverflowError, openLogFile } from '../../../src/server/log-file.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-log-'));
  path = join(directory, 'logs', 'server.log');
});
afterEach(() => rm(directory, { recursive: true }));

const unexpected = (error: Error) => {
  throw error;
};

describe('a log file', () => {
  it('is its owner’s alone, and is gone on with', async () => {
    for (const line of ['first\n', 'second\n']) {
      const log = openLogFile({ path, maxBytes: 1000, keep: 2 }, unexpected);
      log.write(line);
      await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toContain(line));
    }
    expect(await readFile(path, 'utf8')).toBe('first\nsecond\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is exchanged when it is full, without tearing or losing a line, and only so many are kept', async () => {
    const log = openLogFile({ path, maxBytes: 1000, keep: 2 }, unexpected);
    const lines = Array.from({ length: 12 }, (_, number) => `${number} ${'x'.repeat(390)}\n`);
    const kept = async () => {
      const names = (await readdir(join(directory, 'logs'))).sort().reverse();
      const files = names.map((name) => readFile(join(directory, 'logs', name), 'utf8'));
      return { names, text: (await Promise.all(files)).join('') };
    };
    for (const line of lines) {
      log.write(line);
      await vi.waitFor(async () => expect((await kept()).text).toContain(line));
    }
    const { names, text } = await kept();
    expect(names).toEqual(['server.log.2', 'server.log.1', 'server.log']);
    expect(lines.join('').endsWith(text)).toBe(true);
    expect(text.length).toBeGreaterThan(2000);
  });

  it('takes no memory without end on a full disk, and says once what becomes of its lines', async () => {
    const problems: Error[] = [];
    const log = openLogFile({ path: '/dev/full', maxBytes: 1e9, keep: 0 }, (error) => {
      problems.push(error);
    });
    const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
    const before = process.memoryUsage.rss();
    for (let count = 0; count < 200; count += 1) log.write(line.replace('x', String(count)));
    await vi.waitFor(() => expect(problems.length).toBeGreaterThan(1));
    expect(problems.filter((error) => error instanceof LogOverflowError)).toHaveLength(1);
    expect(problems).toContainEqual(expect.objectContaining({ code: 'ENOSPC' }));
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 * 1024);
  });

  it('tells between which lines some are lost', async () => {
    const log = openLogFile({ path, maxBytes: 1e9, keep: 0 }, () => undefined);
    // The file is open only after this turn of the event loop: until then all of it waits.
    const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
    for (let count = 0; count < 20; count += 1) log.write(line);
    await vi.waitFor(async () => {
      expect((await readFile(path, 'utf8')).slice(-100)).toMatch(
        /"\d lines before this one are lost/,
      );
    });
    expect((await stat(path)).size).toBeLessThan(17 * 1024 * 1024);
  });

  it('is opened again after another program has moved it', async () => {
    const log = openLogFile({ path, maxBytes: 1000, keep: 1 }, unexpected);
    log.write('before\n');
    await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toBe('before\n'));
    await rename(path, `${path}.moved`);
    log.reopen();
    log.write('after\n');
    await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toBe('after\n'));
  });

  it('tells when it cannot be written', async () => {
    const problems: Error[] = [];
    openLogFile({ path: directory, maxBytes: 1000, keep: 1 }, (error) =>
      problems.push(error),
    ).write('lost\n');
    await vi.waitFor(() => expect(problems).not.toEqual([]));
  });
});
