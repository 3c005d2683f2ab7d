/** `%consume` beside FastAPI: the same model, the same number of workers, the same load. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type LoadResult, runLoad, type Target } from './load.js';
import type { Figure } from './report.js';
import { logIn, type Runtime } from './server.js';
import { median, percentile } from './statistics.js';

/** Workers of each service version by default, and so of the peer. */
const WORKERS = 2;
/** Turns in which both are measured, so that a machine that slows down slows both. */
const ROUNDS = 5;
/** Seconds of one measurement. */
const SECONDS = 2;
const CONNECTIONS = 8;
/** Both are compiled while they run; until V8 has compiled ours to the end, its p99 is the compiler's. */
const WARM_UP = { connections: 4, seconds: 3 };
const BODY = '{"flower_data":[7,3.2,4.7,1.4]}';

const TRAIN = `
from sklearn import datasets, svm
iris = datasets.load_iris()
clf = svm.SVC()
clf.fit(iris.data, iris.target)
names = {0: 'I. setosa', 1: 'I. versicolor', 2: 'I. virginica'}
`;
const CODE = 'flowers = clf.predict([flower_data])\niris_species = [names[x] for x in flowers]';

export interface ConsumeOptions {
  readonly root: string;
  /** Absolute path of the interpreter of the peer. */
  readonly python: string;
  readonly server: Runtime;
  readonly workers?: number;
}

/** Publishes the iris service, starts the peer, and measures both in turns. */
export async function consumeFigures(options: ConsumeOptions): Promise<Figure[]> {
  const workers = options.workers ?? WORKERS;
  const ours = await publishIris(options.server);
  const { peer, process } = await startPeer(options, workers);
  try {
    for (const target of [ours, peer]) await runLoad(target, WARM_UP);
    const alone = await alternate(ours, peer, 1);
    const together = await alternate(ours, peer, CONNECTIONS);
    return [
      {
        name: 'consume p50, 1 connection',
        ours: middle(alone.ours, 50),
        peer: middle(alone.peer, 50),
        unit: 'ms',
        target: { ratioAtMost: 1 },
      },
      {
        name: 'consume p99, 1 connection',
        ours: middle(alone.ours, 99),
        peer: middle(alone.peer, 99),
        unit: 'ms',
        // Whatever else the machine runs shows here first, and in more processes than the peer's.
        target: { ratioAtMost: 2 },
      },
      {
        name: `consume p50, ${CONNECTIONS} connections`,
        ours: middle(together.ours, 50),
        peer: middle(together.peer, 50),
        unit: 'ms',
        target: { ratioAtMost: 1 },
      },
      {
        name: `consume throughput, ${CONNECTIONS} connections`,
        ours: median(together.ours.map(({ perSecond }) => perSecond)),
        peer: median(together.peer.map(({ perSecond }) => perSecond)),
        unit: '/s',
        target: { ratioAtLeast: 1 },
      },
    ];
  } finally {
    process.kill('SIGTERM');
    if (process.exitCode === null) await once(process, 'exit');
  }
}

async function alternate(
  ours: Target,
  peer: Target,
  connections: number,
): Promise<{ ours: LoadResult[]; peer: LoadResult[] }> {
  const results = { ours: [] as LoadResult[], peer: [] as LoadResult[] };
  const load = { connections, seconds: SECONDS };
  for (let round = 0; round < ROUNDS; round++) {
    results.ours.push(await runLoad(ours, load));
    results.peer.push(await runLoad(peer, load));
  }
  return results;
}

function middle(results: readonly LoadResult[], p: number): number {
  return median(results.map(({ latencies }) => percentile(latencies, p)));
}

async function publishIris(server: Runtime): Promise<Target> {
  const call = await logIn(server);
  const { sessionId } = await call('POST', '/sessions', { runtimeType: 'Python' });
  await call('POST', `/sessions/${sessionId}/execute`, { code: TRAIN });
  const { snapshotId } = await call('POST', `/sessions/${sessionId}/snapshot`, {});
  const version = `bench-${Date.now()}`;
  await call('POST', `/services/Iris/${version}`, {
    runtimeType: 'Python',
    code: CODE,
    snapshotId,
    inputParameterDefinitions: [{ name: 'flower_data', type: 'vector' }],
    outputParameterDefinitions: [{ name: 'iris_species', type: 'vector' }],
  });
  return {
    url: new URL(`/api/Iris/${version}`, server.url),
    body: BODY,
    token: call.token,
  };
}

async function startPeer(
  { root, python }: ConsumeOptions,
  workers: number,
): Promise<{ peer: Target; process: ChildProcess }> {
  const port = await freePort();
  const child = spawn(
    python,
    [join(root, 'bench/fastapi_iris.py'), String(port), String(workers)],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, OMP_NUM_THREADS: '1' } },
  );
  let ready = 0;
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes('Application startup complete')) ready += 1;
    if (ready === workers) break;
  }
  if (ready < workers) throw new Error('The FastAPI peer did not start.');
  child.stderr.resume();
  return {
    peer: { url: new URL(`http://127.0.0.1:${port}/predict`), body: BODY, token: '' },
    process: child,
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
