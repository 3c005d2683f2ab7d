import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedServer, startEmbeddedServer } from '../support/embedded-server.js';
import { statesOf, typesOf } from '../support/exchange.js';
import {
  type Exchange,
  type KernelClient,
  type KernelProcess,
  startIpykernel,
  startKernel,
} from '../support/kernel.js';

let server: EmbeddedServer;
let ours: KernelProcess;
let theirs: KernelProcess;

beforeAll(async () => {
  server = await startEmbeddedServer();
  [ours, theirs] = await Promise.all([startKernel(server.env), startIpykernel()]);
  for (const { client } of [ours, theirs]) await client.execute('import time');
});
afterAll(async () => {
  await ours?.stop();
  await theirs?.stop();
  await server?.stop();
});

/** Every way in which a cell can be asked for. */
const combinations = [true, false].flatMap((silent) =>
  [true, false].flatMap((store_history) =>
    [true, false].flatMap((stop_on_error) =>
      [{}, { good: 'x + 1', bad: 'nothing' }].map((user_expressions) => ({
        silent,
        store_history,
        stop_on_error,
        user_expressions,
      })),
    ),
  ),
);

/** What of an exchange does not depend on which kernel it was with. */
function essence({ reply, published }: Exchange) {
  const { status, ename, evalue, payload, user_expressions: expressions } = reply.content;
  const values = Object.entries(expressions ?? {}).map(([name, value]) => {
    const { status: outcome, ename: error, data } = value as Record<string, unknown>;
    return [name, outcome, error ?? data];
  });
  return {
    status,
    ename,
    evalue,
    payload,
    values,
    metadata: reply.metadata.status,
    published: typesOf({ reply, published }),
    states: statesOf({ published }),
  };
}

/** Runs cells with the options and tells all that a client can see of it. */
async function observe(client: KernelClient, options: object, failing: string) {
  const number = async () => (await client.execute('0')).reply.content.execution_count as number;
  const history = async () => {
    const content = { hist_access_type: 'tail', n: 1, raw: true, output: false };
    return (await client.request('history_request', content)).reply.content.history.at(-1)[2];
  };
  const before = await number();
  const cell = await client.execute('print("heard")\nx = 2\nx + 1', options);
  const last = await history();
  const counted = (await number()) - before - 1;
  const failed = await client.sendCell(failing, options);
  // Sent before the first has failed: these are aborted, or not.
  const behind = [
    await client.sendCell('x = "behind"', options),
    await client.sendCell('"last"', { ...options, silent: false }),
  ];
  const outcomes = [essence(await client.exchange(failed))];
  for (const id of behind) outcomes.push(essence(await client.exchange(id)));
  return {
    cell: essence(cell),
    counted,
    isInHistory: last.includes('heard'),
    outcomes,
  };
}

describe('silent, store_history, stop_on_error and user_expressions', () => {
  it.each(combinations)('%j: as with ipykernel', async (options) => {
    const failing = 'time.sleep(0.3); 1 / 0';
    const [mine, other] = await Promise.all([
      observe(ours.client, options, failing),
      observe(theirs.client, options, failing),
    ]);
    expect(mine).toEqual(other);
    expect(mine.counted).toBe(options.store_history && !options.silent ? 1 : 0);
  });

  it.each(combinations)('%j: the same when the cell holds magics', async (options) => {
    const python = await observe(ours.client, options, 'time.sleep(0.3); 1 / 0');
    const before = (await ours.client.execute('0')).reply.content.execution_count;
    const cell = await ours.client.execute('%session -h\nprint("heard")\nx = 2\nx + 1', options);
    const after = (await ours.client.execute('0')).reply.content.execution_count;
    expect(after - before - 1).toBe(python.counted);
    const seen = essence(cell);
    expect(seen.published.filter((type) => type !== 'display_data')).toEqual(python.cell.published);
    expect({ ...seen, published: [] }).toEqual({
      ...python.cell,
      published: [],
      payload: seen.payload,
    });
  });
});

describe('what a kernel says of itself', () => {
  const ask = async ({ client }: KernelProcess, type: string) =>
    (await client.request(type, {}, { channel: 'control' })).reply.content;

  it('language_info and features are those of ipykernel', async () => {
    const [mine, other] = await Promise.all([
      ask(ours, 'kernel_info_request'),
      ask(theirs, 'kernel_info_request'),
    ]);
    expect(mine.language_info).toEqual(other.language_info);
    expect(mine.supported_features).toEqual(other.supported_features);
    expect(Object.keys(mine).sort()).toEqual(expect.arrayContaining(['banner', 'help_links']));
  });

  it('usage_request tells what the session uses, as ipykernel does', async () => {
    const [mine, other] = await Promise.all([
      ask(ours, 'usage_request'),
      ask(theirs, 'usage_request'),
    ]);
    // How busy the machine is stands there from the second time on.
    const steady = ['hostname', 'pid', 'cpu_count', 'host_virtual_memory'];
    for (const usage of [mine, other])
      expect(Object.keys(usage)).toEqual(expect.arrayContaining(steady));
    const { published } = await ours.client.execute('import os; print(os.getpid())');
    expect(mine.pid).toBe(Number(published.find(({ type }) => type === 'stream')?.content.text));
  });
});
