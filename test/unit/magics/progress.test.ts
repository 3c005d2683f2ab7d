import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MagicContext, MimeBundle } from '../../../kernel/magic-context.js';
import { withProgress } from '../../../kernel/magics/progress.js';
import { DATA_MIME_TYPE } from '../../../kernel/output/index.js';

interface Shown {
  readonly text: string;
  readonly bundle: MimeBundle;
  readonly options: { displayId?: string; update?: boolean } | undefined;
}

function watched() {
  const shown: Shown[] = [];
  const interrupt = new AbortController();
  const context = {
    display: (bundle, options) =>
      void shown.push({ text: String(bundle['text/plain']), bundle, options }),
    signal: interrupt.signal,
  } satisfies Pick<MagicContext, 'display' | 'signal'>;
  return { shown, interrupt, context: context as unknown as MagicContext };
}

/** A pause on the clock of the test. */
const delay = <T>(milliseconds: number, result?: T) =>
  new Promise<T | undefined>((resolve) => setTimeout(() => resolve(result), milliseconds));

describe('progress', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is not shown for what is done within a second', async () => {
    const { shown, context } = watched();
    const running = withProgress(context, (step) => step('Saving', () => delay(900, 'saved')));
    await vi.advanceTimersByTimeAsync(900);
    expect(await running).toBe('saved');
    await vi.advanceTimersByTimeAsync(5000);
    expect(shown).toEqual([]);
  });

  it('is one display with a line per step and its time, and leaves no timer', async () => {
    const { shown, context } = watched();
    const running = withProgress(context, async (step) => {
      await step('Saving', () => delay(1500));
      await step('Publishing', () => delay(1700));
    });
    await vi.advanceTimersByTimeAsync(3200);
    await running;
    const texts = shown.map(({ text }) => text);
    expect(texts[0]).toBe('Saving  …');
    expect(texts).toContain('Saving      ✓ 1.5 s\nPublishing  … 0 s');
    expect(texts.at(-1)).toBe('Saving      ✓ 1.5 s\nPublishing  ✓ 1.7 s');
    expect(new Set(shown.map(({ options }) => options?.displayId)).size).toBe(1);
    expect(shown.map(({ options }) => options?.update)).toEqual([
      false,
      ...shown.slice(1).map(() => true),
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is no result: programs do not see it', async () => {
    const { shown, context } = watched();
    const running = withProgress(context, (step) => step('Saving', () => delay(1500)));
    await vi.advanceTimersByTimeAsync(1500);
    await running;
    expect(Object.keys(shown[0]?.bundle ?? {})).toEqual(['text/html', 'text/plain']);
    expect(shown[0]?.bundle).not.toHaveProperty([DATA_MIME_TYPE]);
  });

  it('marks the step that failed', async () => {
    const { shown, context } = watched();
    const running = withProgress(context, (step) =>
      step('Saving', async () => {
        await delay(2000);
        throw new Error('full');
      }),
    );
    const outcome = expect(running).rejects.toThrow('full');
    await vi.advanceTimersByTimeAsync(2000);
    await outcome;
    expect(shown.at(-1)?.text).toBe('Saving  ✗ failed after 2.0 s');
  });

  it('stops at an interrupt, though the work goes on', async () => {
    const { shown, interrupt, context } = watched();
    const running = withProgress(context, (step) => step('Saving', () => delay(9000)));
    await vi.advanceTimersByTimeAsync(2500);
    interrupt.abort();
    const count = shown.length;
    expect(shown.at(-1)?.text).toBe('Saving  ✗ interrupted after 2.5 s');
    await vi.advanceTimersByTimeAsync(9000);
    await running;
    expect(shown).toHaveLength(count);
  });

  it('shows how much of a step is done, where the step tells', async () => {
    const { shown, context } = watched();
    const running = withProgress(context, (step) =>
      step('Calling', async (report) => {
        report({ done: 0.1, text: '1 of 10 rows' });
        await delay(1500);
        report({ done: 0.5, text: '5 of 10 rows', pace: '4 rows/s' });
        await delay(500);
      }),
    );
    await vi.advanceTimersByTimeAsync(2000);
    await running;
    expect(shown.map(({ text }) => text)).toEqual([
      'Calling  ██░░░░░░░░░░░░░░░░░░ 1 of 10 rows',
      'Calling  ██████████░░░░░░░░░░ 5 of 10 rows · 4 rows/s',
      'Calling  ██████████░░░░░░░░░░ 5 of 10 rows · 4 rows/s',
      'Calling  ✓ 2.0 s',
    ]);
    expect(shown[1]?.bundle['text/html']).toContain('<progress max="1" value="0.500"></progress>');
  });

  it('says how much of a step was done when it was interrupted', async () => {
    const { shown, interrupt, context } = watched();
    const running = withProgress(context, (step) =>
      step('Calling', async (report) => {
        report({ done: 0.5, text: '5 of 10 rows', pace: '4 rows/s' });
        await delay(2000);
      }),
    );
    await vi.advanceTimersByTimeAsync(1500);
    interrupt.abort();
    expect(shown.at(-1)?.text).toBe('Calling  ✗ interrupted after 1.5 s at 5 of 10 rows');
    await vi.advanceTimersByTimeAsync(500);
    await running;
  });
});
