/** A batch beside what its workers could do at best: so many calls of 5 ms, and nothing between them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Figure } from './report.js';
import { logIn, type Runtime } from './server.js';

const ROWS = 10_000;
/** Seconds of one call. */
const CALL = 0.005;
/** Workers of each service version by default. */
const WORKERS = 2;
/** Milliseconds between two looks at how far it is. */
const LOOK = 100;

/** Runs one batch and measures rows per second, from the request that begins it. */
export async function batchFigures(server: Runtime): Promise<Figure[]> {
  const call = await logIn(server);
  const service = `Rows/bench-${Date.now()}`;
  await call('POST', `/services/${service}`, {
    runtimeType: 'Python',
    code: `import time\ntime.sleep(${CALL})\ny = x`,
    inputParameterDefinitions: [{ name: 'x', type: 'integer' }],
    outputParameterDefinitions: [{ name: 'y', type: 'integer' }],
  });
  const rows = Array.from({ length: ROWS }, (_, x) => ({ x }));
  const started = performance.now();
  const { batchExecutionId } = await call('POST', `/api/${service}/batch`, rows);
  const batch = `/api/${service}/batch/${batchExecutionId}?showPartialResults=false`;
  while ((await call('GET', batch)).state !== 'Complete') await delay(LOOK);
  const seconds = (performance.now() - started) / 1000;
  return [
    {
      name: `batch of ${ROWS.toLocaleString('en')} calls of ${CALL * 1000} ms, ${WORKERS} workers`,
      ours: ROWS / seconds,
      peer: WORKERS / CALL,
      unit: 'rows/s',
      target: { ratioAtLeast: 0.8 },
    },
  ];
}
