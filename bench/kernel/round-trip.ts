/** What one small request takes. */
import type { KernelUnderTest } from '../kernel-client.js';
import { compared, type Figure } from '../report.js';
import { alternate, pairedDifference, timed } from '../statistics.js';
import { type Subjects, withBoth } from './subjects.js';

const WARM_UP = 100;
const ROUNDS = 600;

export function roundTripFigures(subjects: Subjects): Promise<Figure[]> {
  return withBoth(subjects, async (ours, peer) => {
    // Both are compiled, or cached, while they run.
    await turns(WARM_UP, (kernel) => kernel.execute('1+1'), ours, peer);
    const cells = await turns(ROUNDS, (kernel) => kernel.execute('1+1'), ours, peer);
    const infos = await turns(ROUNDS, kernelInfo, ours, peer);
    return [
      compared('execute 1+1 to idle, p50', cells, 'ms', { ratioAtMost: 1.15 }),
      {
        name: 'execute 1+1 to idle, added by kernel and server',
        ours: pairedDifference(cells),
        unit: 'ms',
        target: { atMost: 0.5 },
      },
      compared('kernel_info, p50', infos, 'ms', { atMost: 0.5 }),
    ];
  });
}

function turns(
  rounds: number,
  work: (kernel: KernelUnderTest) => Promise<unknown>,
  ours: KernelUnderTest,
  peer: KernelUnderTest,
) {
  return alternate(
    rounds,
    () => timed(() => work(ours)),
    () => timed(() => work(peer)),
  );
}

async function kernelInfo(kernel: KernelUnderTest): Promise<void> {
  const { reply } = await kernel.request('shell', 'kernel_info_request', {});
  await reply;
}
