/** Whether the kernel's heart beats on while much goes through it. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { endpoint } from '../../src/jupyter/index.js';
import type { Figure } from '../report.js';
import { type Subjects, withOurs } from './subjects.js';

const DISPLAYS = 10;

export function heartbeatFigures(subjects: Subjects): Promise<Figure[]> {
  return withOurs(subjects, async (kernel) => {
    await kernel.execute('from IPython.display import display; data = {"text/plain": "x" * 10**7}');
    // In a thread of its own: what passes through keeps this one busy too.
    const worker = new Worker(new URL('./heartbeat-worker.js', import.meta.url), {
      workerData: endpoint(kernel.connection, kernel.connection.hb_port),
    });
    await once(worker, 'message');
    await kernel.execute(`for _ in range(${DISPLAYS}): display(data, raw=True)`);
    worker.postMessage('stop');
    const [slowest] = (await once(worker, 'message')) as [number];
    await worker.terminate();
    return [
      {
        name: 'slowest heartbeat while 100 MB pass through',
        ours: slowest,
        unit: 'ms',
        target: { atMost: 100 },
      },
    ];
  });
}
