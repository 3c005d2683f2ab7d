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
  readonly #terms: LeaseTerms;
  readonly #expire: (sentence: string) => void;
  #attached = 0;
  #wasAttached = false;
  #busy = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  /** @param expire called once when the time is up, with the reason as a sentence. */
  constructor(terms: LeaseTerms, expire: (sentence: string) => void) {
    this.#terms = terms;
    this.#expire = expire;
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
    if (this.#ended || this.#attached > 0 || this.#busy > 0) return;
    const time = this.#wasAttached ? this.#terms.afterDetach : this.#terms.idle;
    const sentence = this.#wasAttached
      ? `The session expired: nothing was attached to it for ${time / 1000} s.`
      : `The session expired: it was not used for ${time / 3_600_000} hours.`;
    this.#timer = setTimeout(() => {
      this.end();
      this.#expire(sentence);
    }, time);
    this.#timer.unref();
  }
}
