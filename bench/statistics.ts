/** The p-th percentile (0–100) of samples, by the nearest rank. */
export function percentile(samples: readonly number[], p: number): number {
  if (samples.length === 0) throw new RangeError('A percentile needs at least one sample.');
  const sorted = [...samples].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((p / 100) * sorted.length));
  return sorted[rank - 1] as number;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 50);
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Measurements of two subjects; those of the same index were taken one right after the other. */
export interface Pairs {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}

/**
 * Measures two subjects in turns, so that a machine that slows down slows both.
 * @returns milliseconds of each run, in order.
 */
export async function alternate(
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<Pairs> {
  const samples = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const oursFirst = round % 2 === 0;
    if (oursFirst) samples.ours.push(await ours());
    samples.peer.push(await peer());
    if (!oursFirst) samples.ours.push(await ours());
  }
  return samples;
}

/** How many times as large ours is: the median over the pairs, as the machine drifts. */
export function pairedRatio({ ours, peer }: Pairs): number {
  return median(ours.map((value, index) => value / (peer[index] as number)));
}

/** By how much ours is larger: the median over the pairs. */
export function pairedDifference({ ours, peer }: Pairs): number {
  return median(ours.map((value, index) => value - (peer[index] as number)));
}
