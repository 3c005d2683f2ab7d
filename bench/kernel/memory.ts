/** What a kernel holds while nothing happens. */
import { setTimeout as delay } from 'node:timers/promises';
import { residentMegabytes } from '../memory.js';
import type { Figure } from '../report.js';
import { type Subjects, withBoth } from './subjects.js';

/** Milliseconds of idleness, after a first cell. */
const IDLE = 3000;

export function memoryFigures(subjects: Subjects): Promise<Figure[]> {
  return withBoth(subjects, async (ours, peer) => {
    await delay(IDLE);
    return [
      {
        name: 'resident memory of an idle kernel',
        ours: await residentMegabytes(ours.pid),
        peer: await residentMegabytes(peer.pid),
        unit: 'MB',
        target: { atMost: 80 },
      },
    ];
  });
}
