/** What is answered while a cell runs. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KernelUnderTest } from '../kernel-client.js';
import { compared, type Figure } from '../report.js';
import { alternate, median, timed } from '../statistics.js';
import { type Subjects, withBoth } from './subjects.js';

const WAITING = 'import time; time.sleep(600)';
const COMPUTING = 'while True: pass';
const ROUNDS = 5;
/** Completions behind each cell. */
const COMPLETIONS = 8;
const INTERRUPTS = 20;
/** Milliseconds after its beginning in which a cell gets to what it is to do. */
const SETTLING = 100;

export function busyFigures(subjects: Subjects): Promise<Figure[]> {
  return withBoth(subjects, async (ours, peer) => {
    // ipykernel completes past a cell for a client that asks a subshell; ours does by itself.
    const created = await peer.request('control', 'create_subshell_request', {});
    const subshell = String((await created.reply).subshell_id);
    for (const kernel of [ours, peer]) await kernel.execute('table = {}');
    const behind = (cell: string) =>
      alternate(
        ROUNDS,
        () => completions(ours, cell),
        () => completions(peer, cell, subshell),
      );
    const waiting = await behind(WAITING);
    const computing = await behind(COMPUTING);
    const interrupts = await alternate(
      INTERRUPTS,
      () => interrupt(ours),
      () => interrupt(peer),
    );
    return [
      compared('completion while a cell waits, p50', waiting, 'ms', { atMost: 50 }),
      compared('completion while a cell computes, p50', computing, 'ms', { atMost: 250 }),
      compared('interrupt to its acknowledgement, p50', interrupts, 'ms', { atMost: 10 }),
    ];
  });
}

/** Milliseconds of a completion, p50, while a cell runs that goes on until it is interrupted. */
async function completions(
  kernel: KernelUnderTest,
  cell: string,
  subshell?: string,
): Promise<number> {
  const running = await kernel.begin(cell);
  await running.busy;
  await delay(SETTLING);
  const times: number[] = [];
  for (let round = 0; round < COMPLETIONS; round++) {
    const content = { code: 'table.it', cursor_pos: 8 };
    times.push(
      await timed(async () => {
        const { reply } = await kernel.request('shell', 'complete_request', content, subshell);
        const { matches } = await reply;
        if (!Array.isArray(matches) || !matches.some((match) => String(match).endsWith('items'))) {
          throw new Error(`The completion of table.it gave ${matches}.`);
        }
      }),
    );
  }
  await (await kernel.request('control', 'interrupt_request', {})).reply;
  await running.done;
  return median(times);
}

/** Milliseconds until the reply to an interrupt of a cell, which has to end by it. */
async function interrupt(kernel: KernelUnderTest): Promise<number> {
  const running = await kernel.begin(WAITING);
  await running.busy;
  await delay(SETTLING);
  const time = await timed(async () => {
    await (await kernel.request('control', 'interrupt_request', {})).reply;
  });
  const { ename } = await running.reply;
  if (ename !== 'KeyboardInterrupt') throw new Error(`An interrupted cell ended with ${ename}.`);
  await running.done;
  return time;
}
