import { KernelUnderTest } from './kernel-client.js';
import type { Figure } from './report.js';
import { alternate, percentile, timed } from './statistics.js';

const ROUND_TRIPS = 400;
const STARTS = 6;
const LINE_ROUNDS = 3;
const LINES = 200_000;

/** The two command lines that are compared, and the environment of ours. */
export interface Subjects {
  readonly ours: readonly string[];
  readonly ipykernel: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Cells through our kernel and server against ipykernel directly. */
export async function kernelFigures(subjects: Subjects): Promise<Figure[]> {
  const ours = await KernelUnderTest.start(subjects.ours, subjects.env);
  const peer = await KernelUnderTest.start(subjects.ipykernel);
  try {
    await Promise.all([ours.ready(), peer.ready()]);
    await Promise.all([ours.execute('1+1'), peer.execute('1+1')]);
    return [
      await roundTrip(ours, peer),
      await kernelInfo(ours, peer),
      await printedLines(ours, peer),
      await startToFirstResult(subjects),
    ];
  } finally {
    await Promise.all([ours.stop(), peer.stop()]);
  }
}

async function roundTrip(ours: KernelUnderTest, peer: KernelUnderTest): Promise<Figure> {
  const samples = await alternate(
    ROUND_TRIPS,
    () => timed(() => ours.execute('1+1')),
    () => timed(() => peer.execute('1+1')),
  );
  return {
    name: 'execute 1+1 to idle, p50, against ipykernel',
    ours: percentile(samples.ours, 50),
    peer: percentile(samples.peer, 50),
    unit: 'ms',
    target: { atMost: 1.5 },
  };
}

async function kernelInfo(ours: KernelUnderTest, peer: KernelUnderTest): Promise<Figure> {
  const samples = await alternate(
    ROUND_TRIPS,
    () => timed(() => ours.kernelInfo()),
    () => timed(() => peer.kernelInfo()),
  );
  return {
    name: 'kernel_info, p50, against ipykernel',
    ours: percentile(samples.ours, 50),
    peer: percentile(samples.peer, 50),
    unit: 'ms',
    target: { atMost: 1 },
  };
}

async function printedLines(ours: KernelUnderTest, peer: KernelUnderTest): Promise<Figure> {
  const code = `for i in range(${LINES}): print("line", i)`;
  const samples = await alternate(
    LINE_ROUNDS,
    () => timed(() => ours.execute(code)),
    () => timed(() => peer.execute(code)),
  );
  return {
    name: `${LINES.toLocaleString('en')} printed lines, p50, against ipykernel`,
    ours: percentile(samples.ours, 50),
    peer: percentile(samples.peer, 50),
    unit: 'ms',
    target: { atMost: 1.5 },
  };
}

/** From the start of the kernel's process to the `idle` of its first cell; our server is running. */
async function startToFirstResult(subjects: Subjects): Promise<Figure> {
  const start = async (argv: readonly string[], env?: NodeJS.ProcessEnv) => {
    const begin = performance.now();
    const kernel = await KernelUnderTest.start(argv, env);
    try {
      await kernel.ready();
      await kernel.execute('1+1');
      return performance.now() - begin;
    } finally {
      await kernel.stop();
    }
  };
  const samples = await alternate(
    STARTS,
    () => start(subjects.ours, subjects.env),
    () => start(subjects.ipykernel),
  );
  return {
    name: 'start to first result, p50, against ipykernel',
    ours: percentile(samples.ours, 50),
    peer: percentile(samples.peer, 50),
    unit: 'ms',
    target: { atMost: 1 },
  };
}
