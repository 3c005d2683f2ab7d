/** What the pool keeps: a started session that nobody owns yet. */
export interface Poolable {
  /** Resolves when it can no longer be used. */
  readonly ended: Promise<unknown>;
  close(): Promise<void>;
}

export interface WarmPoolOptions<T> {
  /** How many to keep in reserve. */
  readonly size: number;
  /**
   * Milliseconds from taking one to starting the next: starting Python takes a processor, which is
   * better left to the first request of who took it. 0 to start at once.
   */
  readonly pause: number;
  start(): Promise<T>;
  /** Makes one in reserve quicker; `isTaken` tells when it should leave that. */
  warmUp?(started: T, isTaken: () => boolean): Promise<void>;
  /** Called when one could not be started, or warmed up, in the background. */
  onFailure(error: Error): void;
}

/**
 * Sessions that are started before anyone asks for them, so that creating one takes no time. A
 * session still starting counts: whoever comes next waits for it instead of starting another.
 */
export class WarmPool<T extends Poolable> {
  readonly #options: WarmPoolOptions<T>;
  readonly #reserve: Promise<T>[] = [];
  #closed = false;
  #refilling: NodeJS.Timeout | undefined;
  /** What is being done to warm up sessions; never rejects. */
  readonly #warming = new WeakMap<Promise<T>, Promise<void>>();

  constructor(options: WarmPoolOptions<T>) {
    this.#options = options;
  }

  /** Sessions in reserve, those still starting included. */
  get size(): number {
    return this.#reserve.length;
  }

  /** Starts sessions in the background until the reserve is full. */
  fill(): void {
    while (!this.#closed && this.#reserve.length < this.#options.size) this.#startOne();
  }

  /**
   * The oldest of the reserve, or a new one when there is none; refills the reserve behind it.
   * One that is being warmed up is given when it can leave that: what its user asked for would wait
   * behind it anyway, and an interrupt would meet that instead.
   * @throws what `start` throws.
   */
  async take(): Promise<T> {
    const taken = this.#reserve.shift() ?? this.#options.start();
    try {
      const started = await taken;
      await this.#warming.get(taken);
      return started;
    } finally {
      // Not before this one has started: two Pythons starting at once would delay each other.
      this.#fillLater();
    }
  }

  /** Ends what is in reserve. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#refilling);
    const reserve = this.#reserve.splice(0);
    const started = await Promise.allSettled(reserve);
    await Promise.all(
      started.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)),
    );
  }

  #fillLater(): void {
    if (this.#options.pause === 0) {
      this.fill();
      return;
    }
    clearTimeout(this.#refilling);
    if (!this.#closed) this.#refilling = setTimeout(() => this.fill(), this.#options.pause);
  }

  #startOne(): void {
    const starting = this.#options.start();
    this.#reserve.push(starting);
    starting.then(
      (started) => {
        void started.ended.then(() => {
          if (this.#remove(starting)) this.fill();
        });
        this.#warming.set(starting, this.#warmUp(starting, started));
      },
      (error: Error) => {
        // Not refilled: what failed now would most likely fail again at once. The next caller
        // tries anew, and is told why it fails.
        if (this.#remove(starting) && !this.#closed) this.#options.onFailure(error);
      },
    );
  }

  async #warmUp(starting: Promise<T>, started: T): Promise<void> {
    const isTaken = () => !this.#reserve.includes(starting);
    try {
      await this.#options.warmUp?.(started, isTaken);
    } catch (error) {
      // One that ended is replaced, and whoever took one finds out what is wrong with it.
      if (!isTaken()) this.#options.onFailure(error as Error);
    }
  }

  #remove(starting: Promise<T>): boolean {
    const index = this.#reserve.indexOf(starting);
    if (index < 0) return false;
    this.#reserve.splice(index, 1);
    return true;
  }
}
