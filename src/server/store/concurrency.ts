/**
 * Runs a task for each item, at most `limit` at a time, and gives the results in the items' order.
 * After a failure no further task starts, and the first error is thrown when the running ones end.
 */
export async function forEachLimited<T, R>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  const queue = items.entries();
  let failed = false;
  async function run(): Promise<void> {
    for (const [index, item] of queue) {
      if (failed) {
        return;
      }
      try {
        results[index] = await task(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  const runners = Array.from({ length: Math.min(limit, items.length) }, run);
  const outcomes = await Promise.allSettled(runners);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) {
    throw failure.reason;
  }
  return results;
}
