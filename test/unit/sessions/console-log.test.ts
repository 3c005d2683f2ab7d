import { describe, expect, it } from 'vitest';
import { SessionConsole } from '../../../src/server/sessions/console-log.js';
import { incoming } from './messages.js';

const cause = (id: string) => ({ id, type: 'execute_request' });
const busy = (id: string) => incoming('iopub', 'status', { execution_state: 'busy' }, cause(id));
const printed = (id: string, text: string) =>
  incoming('iopub', 'stream', { name: 'stdout', text }, cause(id));

describe('the console output of a session', () => {
  it('is what the running execution has printed so far', () => {
    const log = new SessionConsole();
    log.accept(busy('a'));
    log.accept(printed('a', 'one\n'));
    expect(log.current.text()).toBe('one\n');
    log.accept(printed('a', 'two\n'));
    expect(log.current.text()).toBe('one\ntwo\n');
  });

  it('shows a result as a console would', () => {
    const log = new SessionConsole();
    log.accept(busy('a'));
    log.accept(
      incoming(
        'iopub',
        'execute_result',
        { data: { 'text/plain': '42', 'text/html': 'x' } },
        cause('a'),
      ),
    );
    expect(log.current.text()).toBe('42\n');
  });

  it('begins anew with each execution, and keeps the old log for who holds it', () => {
    const log = new SessionConsole();
    log.accept(busy('a'));
    log.accept(printed('a', 'old'));
    const first = log.current;
    log.accept(busy('b'));
    expect(log.current.text()).toBe('');
    expect(first.text()).toBe('old');
  });

  it('leaves out what belongs to other requests', () => {
    const log = new SessionConsole();
    log.accept(busy('a'));
    log.accept(incoming('iopub', 'stream', { text: 'x' }, { id: 'c', type: 'comm_msg' }));
    log.accept(printed('z', 'late'));
    expect(log.current.text()).toBe('');
  });

  it('keeps the end of too much output and says how much is missing', () => {
    const log = new SessionConsole();
    log.accept(busy('a'));
    const line = `${'x'.repeat(1_048_575)}\n`;
    for (let count = 0; count < 20; count++) log.accept(printed('a', line));
    log.accept(printed('a', 'the end'));
    const text = log.current.text();
    const kept = 8 * 1_048_576;
    const missing = 20 * 1_048_576 + 'the end'.length - kept;
    expect(text.startsWith(`[the first ${missing} characters of the output were not kept]\n`)).toBe(
      true,
    );
    expect(text.endsWith('x\nthe end')).toBe(true);
    expect(text.length).toBeLessThan(kept + 100);
  });
});
