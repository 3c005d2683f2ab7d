import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readableLine } from '../../../src/cli/log-lines.js';
import { LogReader } from '../../../src/cli/log-reader.js';

describe('a line of the log for people', () => {
  it('has time, level, message and fields', () => {
    const line =
      '{"level":40,"time":1795611214115,"pid":1,"hostname":"vm","status":404,"user":"ana","msg":"request"}';
    expect(readableLine(line)).toBe('2026-11-25 12:53:34.115 warn  request status=404 user=ana');
  });

  it('has the stack of an error below it', () => {
    const err = { message: 'no', stack: 'Error: no\n    at x' };
    const line = JSON.stringify({ level: 50, time: 0, msg: 'It failed.', err });
    expect(readableLine(line)).toBe(
      '1970-01-01 00:00:00.000 error It failed.\n    Error: no\n        at x',
    );
  });

  it('gives no commands to the terminal, and begins no other line, whatever it tells', () => {
    const stack = 'Error: \u001b[2J\r\n    at x';
    const line = JSON.stringify({
      level: 30,
      time: 0,
      msg: 'a\nb',
      path: '/\u001b[2J',
      err: { stack },
    });
    expect(readableLine(line)).toBe(
      '1970-01-01 00:00:00.000 info  a\\u{a}b path=/\\u{1b}[2J\n    Error: \\u{1b}[2J\\u{d}\n        at x',
    );
    expect(readableLine('no record \u009b2J\t\u202e')).toBe('no record \\u{9b}2J\t\\u{202e}');
  });

  it.each(['', 'Segmentation fault', '{"time": "x"}', '{', '{}', '{"time":1e300}'])(
    'stays as it is where it is no record: %j',
    (line) => {
      expect(readableLine(line)).toBe(line);
    },
  );
});

describe('a log that is read', () => {
  let directory: string;
  let path: string;
  let reader: LogReader;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'slipway-logs-'));
    path = join(directory, 'server.log');
    await writeFile(path, '1\n2\n3\n');
    reader = await LogReader.open(path);
  });
  afterEach(async () => {
    await reader.close();
    await rm(directory, { recursive: true });
  });

  it.each([
    [0, []],
    [2, ['2', '3']],
    [9, ['1', '2', '3']],
  ])('has its last %d lines', async (count, lines) => {
    expect(await reader.last(count)).toEqual(lines);
    await appendFile(path, '4\n');
    expect(await reader.more()).toEqual(['4']);
  });

  it('is read line by line, however it is written', async () => {
    await reader.last(0);
    await appendFile(path, 'hal');
    expect(await reader.more()).toEqual([]);
    await appendFile(path, 'f\nnext ü');
    expect(await reader.more()).toEqual(['half']);
    await appendFile(path, '\n');
    expect(await reader.more()).toEqual(['next ü']);
  });

  it('goes on in the file that takes its place, after what came last in the old one', async () => {
    await reader.last(0);
    await appendFile(path, 'last\n');
    await rename(path, `${path}.1`);
    expect(await reader.more()).toEqual(['last']);
    await writeFile(path, 'first\n');
    expect(await reader.more()).toEqual(['first']);
  });

  it('goes through files that were full before it looked', async () => {
    await reader.last(0);
    await rename(path, `${path}.2`);
    await writeFile(`${path}.1`, 'second\n');
    await writeFile(path, 'third\n');
    expect(await reader.more()).toEqual(['second', 'third']);
    await appendFile(path, 'more\n');
    expect(await reader.more()).toEqual(['more']);
  });

  it('begins anew when it was emptied', async () => {
    await reader.last(0);
    await truncate(path);
    await appendFile(path, 'a\n');
    expect(await reader.more()).toEqual(['a']);
  });
});
