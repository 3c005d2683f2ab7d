import { afterEach, describe, expect, it, vi } from 'vitest';
import { WarmPool, type WarmPoolOptions } from '../../../src/server/sessions/warm-pool.js';

/** A pool of things that are told when to finish starting. */
function setUp(size: number, options: Partial<WarmPoolOptions<Thing>> = {}) {
  const started: Thing[] = [];
  const failures: Error[] = [];
  const pool = new WarmPool<Thing>({
    size,
    start: () => {
      const thing = new Thing();
      started.push(thing);
      return thing.starting.promise;
    },
    pause: 0,
    onFailure: (error) => failures.push(error),
    ...options,
  });
  return { pool, started, failures };
}

class Thing {
  readonly starting = Promise.withResolvers<Thing>();
  readonly #ended = Promise.withResolvers<void>();
  readonly ended = this.#ended.promise;
  isClosed = false;

  ready(): void {
    this.starting.resolve(this);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.#ended.resolve();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the pool of warm sessions', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('gives out what it has started and refills behind it', async () => {
    const { pool, started } = setUp(1);
    pool.fill();
    started[0]?.ready();
    expect(await pool.take()).toBe(started[0]);
    expect(started).toHaveLength(2);
    expect(pool.size).toBe(1);
  });

  it('lets a caller wait for the session that is starting instead of starting another', async () => {
    const { pool, started } = setUp(1);
    pool.fill();
    const taken = pool.take();
    expect(started).toHaveLength(1);
    started[0]?.ready();
    expect(await taken).toBe(started[0]);
  });

  it('starts one for a caller when it keeps none', async () => {
    const { pool, started } = setUp(0);
    const taken = pool.take();
    started[0]?.ready();
    expect(await taken).toBe(started[0]);
    expect(pool.size).toBe(0);
  });

  it('replaces a session that ends in reserve', async () => {
    const { pool, started } = setUp(1);
    pool.fill();
    started[0]?.ready();
    await turn();
    await started[0]?.close();
    await turn();
    expect(started).toHaveLength(2);
    expect(pool.size).toBe(1);
  });

  it('reports a start that fails and tries again only when somebody asks', async () => {
    const { pool, started, failures } = setUp(1);
    pool.fill();
    started[0]?.starting.reject(new Error('no Python'));
    await turn();
    expect(failures.map((error) => error.message)).toEqual(['no Python']);
    expect(started).toHaveLength(1);
    const taken = pool.take();
    started[1]?.starting.reject(new Error('still none'));
    await expect(taken).rejects.toThrow('still none');
  });

  it('ends its reserve when closed and starts nothing after that', async () => {
    const { pool, started } = setUp(2);
    pool.fill();
    for (const thing of started) thing.ready();
    await pool.close();
    expect(started.map((thing) => thing.isClosed)).toEqual([true, true]);
    pool.fill();
    expect(started).toHaveLength(2);
  });

  it('leaves the processor to who has taken one for a while before it starts the next', async () => {
    vi.useFakeTimers();
    const { pool, started } = setUp(1, { pause: 500 });
    pool.fill();
    started[0]?.ready();
    await pool.take();
    vi.advanceTimersByTime(499);
    expect(started).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(started).toHaveLength(2);
  });

  it('warms up what it has started until somebody takes it', async () => {
    const warming: { thing: Thing; isTaken: () => boolean }[] = [];
    const { pool, started } = setUp(1, {
      warmUp: async (thing, isTaken) => {
        warming.push({ thing, isTaken });
      },
    });
    pool.fill();
    started[0]?.ready();
    await turn();
    expect(warming.map(({ thing }) => thing)).toEqual([started[0]]);
    expect(warming[0]?.isTaken()).toBe(false);
    await pool.take();
    expect(warming[0]?.isTaken()).toBe(true);
  });

  it('gives away one that is being warmed up when that has come to an end', async () => {
    const step = Promise.withResolvers<void>();
    const { pool, started } = setUp(1, { warmUp: () => step.promise });
    pool.fill();
    started[0]?.ready();
    await turn();
    let isGiven = false;
    const taken = pool.take().then((thing) => {
      isGiven = true;
      return thing;
    });
    await turn();
    expect(isGiven).toBe(false);
    step.resolve();
    expect(await taken).toBe(started[0]);
  });

  it('keeps one that could not be warmed up, and reports it', async () => {
    const { pool, started, failures } = setUp(1, {
      warmUp: () => Promise.reject(new Error('no completer')),
    });
    pool.fill();
    started[0]?.ready();
    await turn();
    expect(failures.map((error) => error.message)).toEqual(['no completer']);
    expect(await pool.take()).toBe(started[0]);
  });
});
