/** What a kernel holds while nothing happens. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
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

/** From Linux's /proc. */
async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  return (kibibytes * 1024) / 1e6;
}
