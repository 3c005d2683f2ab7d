import { describe, expect, it, vi } from 'vitest';
import { ReplyOrder } from '../../../src/server/sessions/ordering.js';
import { incoming } from './messages.js';

const EXECUTE = { id: 'request-1', type: 'execute_request' };
const busy = () => incoming('iopub', 'status', { execution_state: 'busy' }, EXECUTE);
const idle = (cause = EXECUTE) => incoming('iopub', 'status', { execution_state: 'idle' }, cause);
const output = () => incoming('iopub', 'stream', { name: 'stdout', text: 'x' }, EXECUTE);
const reply = () => incoming('shell', 'execute_reply', { status: 'ok' }, EXECUTE);

function collect() {
  const delivered: string[] = [];
  const order = new ReplyOrder(({ type, channel }) => delivered.push(`${channel}:${type}`));
  return { order, delivered };
}

describe('the order of what a session sends', () => {
  it('holds a reply that overtakes the outputs until idle has arrived', () => {
    const { order, delivered } = collect();
    for (const message of [busy(), reply(), output(), idle()]) order.accept(message);
    expect(delivered).toEqual([
      'iopub:status',
      'iopub:stream',
      'shell:execute_reply',
      'iopub:status',
    ]);
  });

  it('holds idle until the reply has arrived', () => {
    const { order, delivered } = collect();
    for (const message of [busy(), output(), idle()]) order.accept(message);
    expect(delivered).toEqual(['iopub:status', 'iopub:stream']);
    order.accept(reply());
    expect(delivered.slice(2)).toEqual(['shell:execute_reply', 'iopub:status']);
  });

  it('does not hold idle for ever when a session answers nothing', () => {
    vi.useFakeTimers();
    const { order, delivered } = collect();
    order.accept(idle());
    vi.advanceTimersByTime(999);
    expect(delivered).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(delivered).toEqual(['iopub:status']);
    vi.useRealTimers();
  });

  it('does not let one request wait for another', () => {
    const { order, delivered } = collect();
    order.accept(reply());
    const other = { id: 'request-2', type: 'complete_request' };
    order.accept(incoming('shell', 'complete_reply', {}, other));
    order.accept(idle(other));
    expect(delivered).toEqual(['shell:complete_reply', 'iopub:status']);
  });

  it.each(['comm_open', 'comm_msg', 'comm_close', 'unheard_of_request'])(
    'passes the idle of %s at once, because no reply will come',
    (type) => {
      const { order, delivered } = collect();
      order.accept(idle({ id: 'message', type }));
      expect(delivered).toEqual(['iopub:status']);
    },
  );

  it('passes messages without a cause, and questions on stdin, at once', () => {
    const { order, delivered } = collect();
    order.accept(incoming('iopub', 'status', { execution_state: 'starting' }));
    order.accept(incoming('stdin', 'input_request', { prompt: '?' }, EXECUTE));
    expect(delivered).toEqual(['iopub:status', 'stdin:input_request']);
  });

  it('delivers what it holds when the session ends', () => {
    const { order, delivered } = collect();
    order.accept(reply());
    order.flush();
    expect(delivered).toEqual(['shell:execute_reply']);
  });
});
