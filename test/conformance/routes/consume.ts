import { publish } from '../../support/services.js';
import { type Exercise, type Route, route } from './route.js';
import type { World } from './world.js';

const RESULT = [
  'success',
  'errorMessage',
  'outputParameters',
  'outputFiles',
  'consoleOutput',
  'changedFiles',
];

const call = (path: string, json: object) => ({ path: `/api/${path}`, options: { json } });

/** Publishes a service without parameters. @returns its path */
async function publishCode(
  { server, newVersion }: World,
  name: string,
  code: string,
): Promise<string> {
  const path = `${name}/${newVersion()}`;
  await publish(server, path, { code });
  return path;
}

/** One call runs, one waits, and there is no room for a third. */
const BUSY: Exercise = {
  status: 503,
  when: 'too many calls wait for its workers',
  async send(world) {
    const path = await publishCode(world, 'Slow', 'import time\ntime.sleep(1)');
    const calls = Array.from({ length: 4 }, () => world.request('POST', `/api/${path}`));
    const answers = await Promise.all(calls);
    return answers.find(({ status }) => status === 503) ?? (answers[0] as never);
  },
};

const consume = route('ConsumeWebService', 'POST /api/{name}/{version}', [
  [200, 'the code has ended, well or not', () => call('Table/1', { x: 2 }), RESULT],
  [400, 'no JSON object, or a parameter that is not as declared', () => call('Table/1', {})],
  [404, 'no such version', () => call('Table/none', {})],
  [
    500,
    "the service's worker has died, or took too long",
    async (world) => call(await publishCode(world, 'Dead', 'import os\nos._exit(1)'), {}),
  ],
]);

/** Calls of services, described in the document of each service. */
export const CONSUME_ROUTES: readonly Route[] = [
  { ...consume, exercises: [...consume.exercises, BUSY] },
];
