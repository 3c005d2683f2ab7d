import { KernelUnderTest } from '../kernel-client.js';
import type { KernelCommand } from '../kernel-process.js';
import type { Figure } from '../report.js';

/** The two kernels that are compared. */
export interface Subjects {
  readonly ours: KernelCommand;
  readonly ipykernel: KernelCommand;
}

/** Starts both kernels, runs a first cell in each, measures, and stops them. */
export async function withBoth(
  subjects: Subjects,
  measure: (ours: KernelUnderTest, peer: KernelUnderTest) => Promise<Figure[]>,
): Promise<Figure[]> {
  const ours = await KernelUnderTest.start(subjects.ours);
  const peer = await KernelUnderTest.start(subjects.ipykernel);
  try {
    for (const kernel of [ours, peer]) {
      await kernel.ready();
      await kernel.execute('1+1');
    }
    return await measure(ours, peer);
  } finally {
    await Promise.all([ours.stop(), peer.stop()]);
  }
}

/** Starts our kernel alone, runs a first cell in it, measures, and stops it. */
export async function withOurs(
  { ours }: Subjects,
  measure: (kernel: KernelUnderTest) => Promise<Figure[]>,
): Promise<Figure[]> {
  const kernel = await KernelUnderTest.start(ours);
  try {
    await kernel.ready();
    await kernel.execute('1+1');
    return await measure(kernel);
  } finally {
    await kernel.stop();
  }
}
