import { IssuerUnavailableError } from './errors.js';
import { type Published, readPublished } from './published.js';

/** Milliseconds that keys are used before they are asked for again: a withdrawn one ends then. */
const FRESH = 10 * 60 * 1000;
/** Milliseconds that keys are used when the issuer cannot be asked. */
const STALE = 24 * 60 * 60 * 1000;
/** Seconds after a failure until the issuer is asked again. */
const RETRY = 5;
/** How often keys are looked for that are not known: so many times at once, and one per interval. */
const EXTRA_LOOKS = 3;
/** Milliseconds. */
const EXTRA_INTERVAL = 30_000;

/** How it stood with the issuer when it was asked last. */
export type IssuerState = 'not asked yet' | 'available' | 'unavailable';

/**
 * The keys of an issuer: asked for when the first token comes, kept, and asked for again when they
 * have grown old or a token is signed with another one. An issuer that is away is no reason to
 * refuse tokens whose keys are known.
 */
export class Issuer {
  #published: (Published & { readonly at: number }) | undefined;
  #loading: Promise<Published> | undefined;
  #failure: { readonly error: IssuerUnavailableError; readonly at: number } | undefined;
  #extraLooks = EXTRA_LOOKS;
  #extraSince = 0;

  /**
   * @param onProblem told when the issuer cannot be asked
   * @param now milliseconds of a clock
   */
  constructor(
    private readonly authority: string,
    private readonly tenants: readonly string[],
    private readonly onProblem: (error: IssuerUnavailableError) => void,
    private readonly now: () => number = Date.now,
  ) {}

  get state(): IssuerState {
    if (this.#failure !== undefined) return 'unavailable';
    return this.#published === undefined ? 'not asked yet' : 'available';
  }

  /**
   * What the issuer publishes, a few minutes old at most unless it is away.
   * @throws {IssuerUnavailableError}
   */
  async published(): Promise<Published> {
    const known = this.#published;
    const age = known === undefined ? Number.POSITIVE_INFINITY : this.now() - known.at;
    if (known !== undefined && age < FRESH) return known;
    // Nobody waits for an issuer that was away a moment ago, and perhaps does not answer at all.
    const wasAway = this.#failure !== undefined;
    const loaded = this.#load().catch((error: unknown) => {
      if (known === undefined || age >= STALE || !(error instanceof IssuerUnavailableError)) {
        throw error;
      }
      return known;
    });
    return known !== undefined && age < STALE && wasAway ? known : await loaded;
  }

  /**
   * What the issuer publishes now, for a key that is not among those known; undefined when it was
   * asked for such keys too often, as by somebody who makes them up.
   * @throws {IssuerUnavailableError}
   */
  async publishedNow(): Promise<Published | undefined> {
    if (this.#loading !== undefined) return await this.#loading;
    const earned = Math.floor((this.now() - this.#extraSince) / EXTRA_INTERVAL);
    if (earned > 0) {
      this.#extraLooks = Math.min(EXTRA_LOOKS, this.#extraLooks + earned);
      this.#extraSince = this.now();
    }
    if (this.#extraLooks === 0) return undefined;
    this.#extraLooks -= 1;
    return await this.#load();
  }

  #load(): Promise<Published> {
    const failure = this.#failure;
    if (failure !== undefined && this.now() - failure.at < RETRY * 1000) {
      return Promise.reject(failure.error);
    }
    this.#loading ??= this.#ask().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #ask(): Promise<Published> {
    try {
      const published = await readPublished(this.authority, this.tenants);
      this.#published = { ...published, at: this.now() };
      this.#failure = undefined;
      return published;
    } catch (cause) {
      const error = new IssuerUnavailableError(this.authority, problemOf(cause), RETRY, { cause });
      this.#failure = { error, at: this.now() };
      this.onProblem(error);
      throw error;
    }
  }
}

/** What `fetch` knows of a failure is in its cause. */
function problemOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? `${message}: ${cause.message}` : message;
}
