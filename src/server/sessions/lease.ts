/** How long a session lives without anyone using it; milliseconds. */
export interface LeaseTerms {
  /** After the last attached kernel has gone. */
  readonly afterDetach: number;
  /** For a session that no kernel was ever attached to. */
  readonly idle: number;
}

/**
 * Ends a session that nobody uses. While a kernel is attached or code runs it lives; then for the
 * time of its terms, counted from its last use.
 */
export class Lease {
  #terms: LeaseTerms;
  readonly #expire: (sentence: string) => void;
  #attached = 0;
  #wasAttached = false;
  #busy = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the time is up, by `performance.now()`; undefined while the session is in use. */
  #due: number | undefined;
  #ended = false;

  /** @param expire called once when the time is up, with the reason as a sentence. */
  constructor(terms: LeaseTerms, expire: (sentence: string) => void) {
    this.#terms = terms;
    this.#expire = expire;
    this.#restart();
  }

  /** Milliseconds that the session lives on when nobody uses it. */
  get length(): number {
    return this.#wasAttached ? this.#terms.afterDetach : this.#terms.idle;
  }

  /** Milliseconds until the time is up; undefined while the session is in use. */
  get left(): number | undefined {
    return this.#due === undefined ? undefined : Math.max(0, this.#due - performance.now());
  }

  /** Sets other terms; what is left is counted anew. */
  setTerms(terms: LeaseTerms): void {
    this.#terms = terms;
    this.#restart();
  }

  /** Says that kernels were attached before: the terms after the last of them hold. */
  attend(): void {
    this.#wasAttached = true;
    this.#restart();
  }

  attach(): void {
    this.#attached += 1;
    this.#wasAttached = true;
    this.#restart();
  }

  detach(): void {
    this.#attached -= 1;
    this.#restart();
  }

  /** Something that may take long begins; call {@link release} when it ends. */
  hold(): void {
    this.#busy += 1;
    this.#restart();
  }

  release(): void {
    this.#busy -= 1;
    this.#restart();
  }

  /** Stops counting. Idempotent. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #restart(): void {
    clearTimeout(this.#timer);
    this.#due = undefined;
    if (this.#ended || this.#attached > 0 || this.#busy > 0) return;
    const time = this.length;
    this.#due = performance.now() + time;
    const sentence = this.#wasAttached
      ? `The session expired: nothing was attached to it for ${duration(time)}.`
      : `The session expired: it was not used for ${duration(time)}.`;
    this.#timer = setTimeout(() => {
      this.end();
      this.#expire(sentence);
    }, time);
    this.#timer.unref();
  }
}

/** Milliseconds in the largest unit that leaves no fraction: `60 s`, `90 minutes`, `2 hours`. */
function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 120 || seconds % 60 !== 0) return `${seconds} s`;
  const minutes = seconds / 60;
  if (minutes % 60 !== 0) return `${minutes} minutes`;
  return minutes === 60 ? '1 hour' : `${minutes / 60} hours`;
}
