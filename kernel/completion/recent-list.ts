/** Milliseconds for which a list counts as new. */
const FRESH = 2000;
/** Milliseconds that whoever completes waits for a list; then what is known has to do. */
const PATIENCE = 200;

/**
 * A list that is fetched when somebody asks for it, and kept for a moment. Nobody waits long: while
 * the list is late, or cannot be had, the one before is given.
 */
export class RecentList<T> {
  #items: readonly T[] = [];
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(
    private readonly fetch: () => Promise<readonly T[]>,
    /** Told when the list cannot be fetched. */
    private readonly onProblem: (error: Error) => void,
  ) {}

  /** The items, at most {@link PATIENCE} milliseconds later. Never rejects. */
  async items(): Promise<readonly T[]> {
    if (performance.now() - this.#fetchedAt > FRESH) {
      this.#fetching ??= this.#refresh();
      await inTime(this.#fetching, PATIENCE);
    }
    return this.#items;
  }

  /** Makes the next caller fetch the list again. */
  forget(): void {
    this.#fetchedAt = Number.NEGATIVE_INFINITY;
  }

  async #refresh(): Promise<void> {
    try {
      this.#items = await this.fetch();
      this.#fetchedAt = performance.now();
    } catch (error) {
      this.onProblem(error as Error);
    } finally {
      this.#fetching = undefined;
    }
  }
}

/** What a promise resolves to; undefined when that takes longer than `limit` milliseconds. */
export async function inTime<T>(promise: Promise<T>, limit: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, limit, undefined);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
