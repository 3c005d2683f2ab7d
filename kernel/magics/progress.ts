import { v4 as uuid } from 'uuid';
import type { MagicContext } from '../magic-context.js';
import { type Inline, toBundle } from '../output/index.js';

/** Milliseconds after which a magic shows what it is at; quicker ones show their result alone. */
const PATIENCE = 1000;
/** Milliseconds between two showings of the time that passes. */
const TICK = 1000;

interface Step {
  readonly label: string;
  readonly begin: number;
  end?: number;
  state: 'running' | 'done' | 'failed' | 'interrupted';
  amount?: Amount;
}

/** How much of a step is done. */
export interface Amount {
  /** From 0 to 1. */
  readonly done: number;
  /** The same in words: `120 of 300 rows`. */
  readonly text: string;
  /** What can be said while it goes on: `40 rows/s · 5 s left`. */
  readonly pace?: string;
}

/** Tells how much of a step is done; a step that never does shows its time alone. */
export type Report = (amount: Amount) => void;

/** Runs one step of a magic; `label` says what is being done: `Saving the snapshot`. */
export type RunStep = <T>(label: string, action: (report: Report) => Promise<T>) => Promise<T>;

/**
 * Runs something that may take long, in steps, and shows them with their times once it does: one
 * line per step, in one display that is updated. The result is a display of its own after it,
 * because consoles ignore updates.
 */
export async function withProgress<T>(
  context: MagicContext,
  run: (step: RunStep) => Promise<T>,
): Promise<T> {
  const progress = new Progress(context);
  const interrupt = () => progress.end('interrupted');
  context.signal.addEventListener('abort', interrupt, { once: true });
  try {
    return await run((label, action) => progress.step(label, action));
  } finally {
    context.signal.removeEventListener('abort', interrupt);
    progress.end('done');
  }
}

class Progress {
  readonly #displayId = uuid();
  readonly #steps: Step[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isShown = false;
  #hasEnded = false;

  constructor(private readonly context: MagicContext) {
    this.#timer = setTimeout(() => this.#tick(), PATIENCE);
  }

  async step<T>(label: string, action: (report: Report) => Promise<T>): Promise<T> {
    const step: Step = { label, begin: performance.now(), state: 'running' };
    this.#steps.push(step);
    this.#update();
    try {
      const result = await action((amount) => {
        step.amount = amount;
        this.#update();
      });
      this.#finish(step, 'done');
      return result;
    } catch (error) {
      this.#finish(step, 'failed');
      throw error;
    }
  }

  /** Shows the steps for the last time. Idempotent: what ends later is not shown any more. */
  end(state: 'done' | 'interrupted'): void {
    if (this.#hasEnded) return;
    clearTimeout(this.#timer);
    for (const step of this.#steps) if (step.state === 'running') this.#finish(step, state);
    this.#hasEnded = true;
  }

  #finish(step: Step, state: Step['state']): void {
    if (this.#hasEnded) return;
    step.state = state;
    step.end = performance.now();
    this.#update();
  }

  #tick(): void {
    this.#show();
    this.#timer = setTimeout(() => this.#tick(), TICK);
  }

  #update(): void {
    if (this.#isShown && !this.#hasEnded) this.#show();
  }

  #show(): void {
    // Consoles show the first form for good: it is to read well without those that follow.
    const hasTime = this.#isShown;
    const rows = this.#steps.map((step): [string, Inline] => [
      step.label,
      outcomeOf(step, hasTime),
    ]);
    if (rows.length === 0) return;
    const bundle = toBundle({ blocks: [{ kind: 'fields', rows }] });
    this.context.display(bundle, { displayId: this.#displayId, update: this.#isShown });
    this.#isShown = true;
  }
}

function outcomeOf({ begin, end, state, amount }: Step, hasTime: boolean): Inline {
  const seconds = ((end ?? performance.now()) - begin) / 1000;
  const time = `${seconds.toFixed(1)} s`;
  const at = amount === undefined ? '' : ` at ${amount.text}`;
  switch (state) {
    case 'running':
      if (amount !== undefined) {
        const { done, text, pace } = amount;
        return { done, text: pace === undefined ? text : `${text} · ${pace}`, tone: 'muted' };
      }
      return { text: hasTime ? `… ${Math.floor(seconds)} s` : '…', tone: 'muted' };
    case 'done':
      return { text: `✓ ${time}`, tone: 'good' };
    case 'failed':
      return { text: `✗ failed after ${time}${at}`, tone: 'warning' };
    case 'interrupted':
      return { text: `✗ interrupted after ${time}${at}`, tone: 'warning' };
  }
}
