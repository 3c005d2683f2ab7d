import { describe, expect, it } from 'vitest';
import { CellQueue, type CellRunner } from '../../../kernel/cell/queue.js';
import { type OpenRequest, RequestLog } from '../../../kernel/requests.js';
import { createHeader, createMessage } from '../../../src/jupyter/index.js';

const requests = new RequestLog();

function cell(name: string): OpenRequest {
  const header = { ...createHeader('execute_request', 's', 'u'), msg_id: name };
  return requests.add({
    header,
    channel: 'shell',
    identities: [],
    message: createMessage(header, {}),
  });
}

/** Runs cells when it is told to, and writes down what happens. */
class Steps implements CellRunner {
  readonly log: string[] = [];
  signal: AbortSignal | undefined;
  /** Called when a client would hear how the cell ended. */
  onReply: (() => void) | undefined;
  #finish: ((stopsQueue: boolean) => void) | undefined;

  async run({ header }: OpenRequest, signal: AbortSignal, markQueue: () => Promise<void>) {
    this.log.push(`run ${header.msg_id}`);
    this.signal = signal;
    const stopsQueue = await new Promise<boolean>((resolve) => {
      this.#finish = resolve;
    });
    if (stopsQueue) await markQueue();
    this.onReply?.();
    return { stopsQueue };
  }

  abort({ header }: OpenRequest): void {
    this.log.push(`abort ${header.msg_id}`);
  }

  async finish(stopsQueue = false): Promise<void> {
    this.#finish?.(stopsQueue);
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the queue of cells', () => {
  it('runs one at a time, in order', async () => {
    const steps = new Steps();
    const queue = new CellQueue(steps);
    for (const name of ['a', 'b', 'c']) queue.add(cell(name));
    expect(steps.log).toEqual(['run a']);
    expect(queue.isRunning).toBe(true);
    await steps.finish();
    await steps.finish();
    expect(steps.log).toEqual(['run a', 'run b', 'run c']);
    await steps.finish();
    expect(queue.isRunning).toBe(false);
  });

  it('aborts those that waited when one fails, and also those that were just arriving', async () => {
    const steps = new Steps();
    const queue = new CellQueue(steps);
    queue.add(cell('a'));
    queue.add(cell('b'));
    setImmediate(() => queue.add(cell('c')));
    await steps.finish(true);
    expect(steps.log).toEqual(['run a', 'abort b', 'abort c']);
    queue.add(cell('d'));
    expect(steps.log.at(-1)).toBe('run d');
    await steps.finish();
  });

  it('runs what is sent in answer to the error, however fast', async () => {
    const steps = new Steps();
    const queue = new CellQueue(steps);
    queue.add(cell('a'));
    queue.add(cell('b'));
    steps.onReply = () => {
      steps.onReply = undefined;
      queue.add(cell('c'));
    };
    await steps.finish(true);
    expect(steps.log).toEqual(['run a', 'abort b', 'run c']);
    await steps.finish();
  });

  it('interrupts the running cell alone', async () => {
    const steps = new Steps();
    const queue = new CellQueue(steps);
    queue.interrupt();
    queue.add(cell('a'));
    queue.add(cell('b'));
    queue.interrupt();
    queue.interrupt();
    expect(steps.signal?.aborted).toBe(true);
    await steps.finish();
    expect(steps.signal?.aborted).toBe(false);
    await steps.finish();
  });
});
