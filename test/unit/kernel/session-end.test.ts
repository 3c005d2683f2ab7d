import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Attachment, closeOurs } from '../../../kernel/attachment.js';
import type { RestartNote } from '../../../kernel/restart-note.js';
import { endInTime, endSession } from '../../../kernel/session-end.js';

/** An attachment to a server of which only the calls below are there; `calls` tells their order. */
function attached(answers: Partial<Record<'details' | 'listFiles' | 'restart', unknown>> = {}) {
  const calls: string[] = [];
  const route = (name: keyof typeof answers, usual: unknown) => async () => {
    calls.push(name);
    const answer = name in answers ? answers[name] : usual;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const sessions = {
    details: route('details', [{ id: 's', attached: [{}] }]),
    listFiles: route('listFiles', ['a.txt']),
    restart: route('restart', 't'),
    forceClose: async (id: string) => void calls.push(`forceClose ${id}`),
  };
  const link = {
    sessionId: 's',
    isPlain: false,
    isConnected: true,
    close: async () => void calls.push('close link'),
  };
  const attachment = { client: { sessions }, link, name: 'training', isOurs: true };
  return { attachment: attachment as unknown as Attachment, calls };
}

function heir() {
  const left: object[] = [];
  const note = { leave: async (what: object) => void left.push(what) } as unknown as RestartNote;
  return { heir: { usualName: 'iris', note }, left };
}

describe('leaving a session of one’s own', () => {
  it('closes the link and the session', async () => {
    const { attachment, calls } = attached();
    await closeOurs(attachment);
    expect(calls).toEqual(['details', 'close link', 'forceClose s']);
  });

  it('leaves it to another kernel that is attached to it', async () => {
    const { attachment, calls } = attached({ details: [{ id: 's', attached: [{}, {}] }] });
    await closeOurs(attachment);
    expect(calls).toEqual(['details', 'close link']);
  });

  it('closes the link though the server does not say who is attached', async () => {
    const { attachment, calls } = attached({ details: new Error('The server is away.') });
    await expect(closeOurs(attachment)).rejects.toThrow('The server is away.');
    expect(calls).toEqual(['details', 'close link']);
  });
});

describe('the end of a kernel’s session', () => {
  it('leaves its files to a fresh one when the kernel restarts, and word of it', async () => {
    const { attachment, calls } = attached();
    const { heir: next, left } = heir();
    await endSession(attachment, next);
    expect(calls).toEqual(['details', 'listFiles', 'restart', 'close link']);
    expect(left).toEqual([{ session: 't', name: 'training' }]);
  });

  it('closes it when it cannot be handed on, and says why', async () => {
    const { attachment, calls } = attached({ restart: new Error('The disk is full.') });
    const { heir: next, left } = heir();
    await expect(endSession(attachment, next)).rejects.toThrow('The disk is full.');
    expect(calls.slice(-2)).toEqual(['close link', 'forceClose s']);
    expect(left).toEqual([]);
  });
});

describe('the time that the end may take', () => {
  afterEach(() => void vi.useRealTimers());
  const never = new Promise<never>(() => undefined);

  it.each([
    ['two seconds when the kernel ends', false, 2000],
    ['four and a half when it restarts', true, 4500],
  ])('is %s, and what was not done is told', async (_what, isRestart, limit) => {
    vi.useFakeTimers();
    const told = vi.fn();
    const waiting = endInTime(never, isRestart).catch(told);
    await vi.advanceTimersByTimeAsync(limit - 1);
    expect(told).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await waiting;
    const error = told.mock.calls[0]?.[0] as Error;
    expect(error).toMatchObject({ code: 'SESSION_END_TIMEOUT' });
    expect(error.message.includes('without the files')).toBe(isRestart);
  });

  it('leaves no timer when the end comes first', async () => {
    vi.useFakeTimers();
    await endInTime(Promise.resolve(), true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
