import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  describeEnd,
  ProcessStartError,
  startChild,
} from '../../../src/compute/local/child-process.js';

const node = process.execPath;

/** Whether a process runs; one that nobody has reaped yet does not. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

describe('a supervised process', () => {
  it('tells its exit status and the last that it wrote to its standard error', async () => {
    const child = await startChild({
      command: node,
      args: [
        '-e',
        'console.error("x".repeat(20000)); console.error("out of luck"); process.exit(3)',
      ],
      cwd: tmpdir(),
    });
    const end = await child.ended;
    expect(end).toMatchObject({ status: 3, signal: null });
    expect(end.stderrTail.endsWith('out of luck')).toBe(true);
    expect(end.stderrTail.length).toBeLessThanOrEqual(8192);
  });

  it('takes along what it has started when it is killed', async () => {
    const child = await startChild({
      command: node,
      args: [
        '-e',
        'const c = require("node:child_process").spawn("sleep", ["1000"]); console.log(c.pid); setInterval(() => {}, 1000)',
      ],
      cwd: tmpdir(),
      stdio: 'pipe',
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const grandchild = Number(line.toString());
    expect(isAlive(grandchild)).toBe(true);
    expect(await child.kill()).toMatchObject({ status: null, signal: 'SIGKILL' });
    await expect.poll(() => isAlive(grandchild)).toBe(false);
  });

  it('takes along what it has started when it ends by itself', async () => {
    const child = await startChild({
      command: node,
      args: [
        '-e',
        'const c = require("node:child_process").spawn("sleep", ["1000"], {stdio: "ignore"}); c.unref(); console.log(c.pid)',
      ],
      cwd: tmpdir(),
      stdio: 'pipe',
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    await child.ended;
    await expect.poll(() => isAlive(Number(line.toString()))).toBe(false);
  });

  it('is killed when it ignores SIGTERM for too long', async () => {
    const child = await startChild({
      command: node,
      args: ['-e', 'process.on("SIGTERM", () => {}); console.log(1); setInterval(() => {}, 1000)'],
      cwd: tmpdir(),
      stdio: 'pipe',
    });
    await once(child.stdout, 'data');
    expect(await child.terminate(50)).toMatchObject({ signal: 'SIGKILL' });
  });

  it('sees none of the server’s secrets in its environment', async () => {
    process.env.SLIPWAY_PASSWORD = 'secret';
    try {
      const child = await startChild({
        command: node,
        args: [
          '-e',
          'console.log(JSON.stringify([process.env.SLIPWAY_PASSWORD, process.env.PATH]))',
        ],
        cwd: tmpdir(),
        stdio: 'pipe',
      });
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      expect(JSON.parse(line.toString())).toEqual([null, process.env.PATH]);
      await child.ended;
    } finally {
      delete process.env.SLIPWAY_PASSWORD;
    }
  });

  it('cannot be started from a program that is not there', async () => {
    await expect(
      startChild({ command: '/nowhere/python', args: [], cwd: tmpdir() }),
    ).rejects.toThrow(ProcessStartError);
  });

  it('ends in words that name the status or the signal', () => {
    const end = { status: null, signal: null, stderrTail: '' };
    expect(describeEnd({ ...end, status: 3 })).toBe('exited with status 3');
    expect(describeEnd({ ...end, signal: 'SIGSEGV' })).toBe('was killed by SIGSEGV');
    expect(describeEnd({ ...end, signal: 'SIGKILL' })).toContain('memory');
  });
});
