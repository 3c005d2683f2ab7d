/**
 * From the start of the kernel's process, by the command line of the kernelspec, to the result of
 * its first cell. Our server runs, as it does after the first notebook of the day.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { KernelUnderTest, PROMPT, ZEROMQ_DEFAULT } from '../kernel-client.js';
import type { KernelCommand } from '../kernel-process.js';
import { compared, type Figure } from '../report.js';
import { alternate, timed } from '../statistics.js';
import type { Subjects } from './subjects.js';

const ROUNDS = 11;
/** Milliseconds between two starts, in which the server gets another session ready. */
const PAUSE = 700;

export async function startFigures(subjects: Subjects): Promise<Figure[]> {
  const measure = (pause: number) =>
    alternate(
      ROUNDS,
      () => startToFirstResult(subjects.ours, pause),
      () => startToFirstResult(subjects.ipykernel, pause),
    );
  return [
    compared('start to first result, p50', await measure(PROMPT), 'ms', { ratioAtMost: 0.5 }),
    compared(
      "the same with ZeroMQ's pause before it connects again",
      await measure(ZEROMQ_DEFAULT),
      'ms',
      { ratioAtMost: 1 },
    ),
  ];
}

async function startToFirstResult(command: KernelCommand, pause: number): Promise<number> {
  await delay(PAUSE);
  let kernel: KernelUnderTest | undefined;
  try {
    return await timed(async () => {
      kernel = await KernelUnderTest.start(command, pause);
      await kernel.ready();
      await kernel.execute('1+1');
    });
  } finally {
    await kernel?.stop();
  }
}
