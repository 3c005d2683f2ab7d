/** Milliseconds in which at most one line is written. */
const INTERVAL = 10_000;

/** What goes wrong, as one line says it: the code of the error tells what is alike. */
type Dropped = Error & { readonly code?: string };

/**
 * Tells of messages that are dropped without filling the log: the first at once, with its reason,
 * and what comes within ten seconds after it as one line that counts them by cause. A client that
 * sends nonsense in a loop costs six lines a minute.
 */
export class DropLog {
  readonly #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /** @param interval milliseconds in which at most one line is written. */
  constructor(
    private readonly log: (line: string) => void,
    private readonly interval = INTERVAL,
  ) {}

  /** Notes that a message was dropped, and why. */
  dropped(error: Dropped): void {
    if (this.#timer === undefined) {
      this.log(`A message was dropped: ${error.message}`);
      this.#wait();
      return;
    }
    const cause = error.code ?? error.name;
    this.#counts.set(cause, (this.#counts.get(cause) ?? 0) + 1);
  }

  /** Writes what has been counted, and stops. Idempotent. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#summarise();
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#summarise()) this.#wait();
    }, this.interval);
    this.#timer.unref();
  }

  #summarise(): boolean {
    if (this.#counts.size === 0) return false;
    const total = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    const causes = [...this.#counts].map(([cause, count]) => `${count} ${cause}`).join(', ');
    this.log(`${total} more messages were dropped: ${causes}.`);
    this.#counts.clear();
    return true;
  }
}
