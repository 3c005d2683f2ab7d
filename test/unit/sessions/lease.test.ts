import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Lease } from '../../../src/server/sessions/lease.js';

const TERMS = { afterDetach: 60_000, idle: 3_600_000 };

describe('the lease of a session', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ends after the idle time when no kernel was ever attached', () => {
    const expire = vi.fn();
    const lease = new Lease(TERMS, expire);
    vi.advanceTimersByTime(TERMS.idle - 1);
    expect(expire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(expire).toHaveBeenCalledExactlyOnceWith(
      'The session expired: it was not used for 1 hour.',
    );
    lease.end();
  });

  it('lasts while a kernel is attached and ends some time after the last has gone', () => {
    const expire = vi.fn();
    const lease = new Lease(TERMS, expire);
    lease.attach();
    lease.attach();
    lease.detach();
    vi.advanceTimersByTime(2 * TERMS.idle);
    expect(expire).not.toHaveBeenCalled();
    lease.detach();
    vi.advanceTimersByTime(TERMS.afterDetach);
    expect(expire).toHaveBeenCalledExactlyOnceWith(
      'The session expired: nothing was attached to it for 60 s.',
    );
  });

  it('lasts while code runs after the last kernel has gone', () => {
    const expire = vi.fn();
    const lease = new Lease(TERMS, expire);
    lease.attach();
    lease.hold();
    lease.detach();
    vi.advanceTimersByTime(10 * TERMS.afterDetach);
    expect(expire).not.toHaveBeenCalled();
    lease.release();
    vi.advanceTimersByTime(TERMS.afterDetach);
    expect(expire).toHaveBeenCalledOnce();
  });

  it('starts over when a kernel attaches again', () => {
    const expire = vi.fn();
    const lease = new Lease(TERMS, expire);
    lease.attach();
    lease.detach();
    vi.advanceTimersByTime(TERMS.afterDetach - 1);
    lease.attach();
    vi.advanceTimersByTime(TERMS.afterDetach);
    expect(expire).not.toHaveBeenCalled();
    lease.end();
  });

  it('leaves no timer behind once it has ended', () => {
    const lease = new Lease(TERMS, vi.fn());
    lease.end();
    lease.hold();
    lease.release();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells how much is left, and nothing while the session is in use', () => {
    const lease = new Lease(TERMS, vi.fn());
    expect(lease.left).toBe(TERMS.idle);
    vi.advanceTimersByTime(1000);
    expect(lease.left).toBe(TERMS.idle - 1000);
    lease.attach();
    expect(lease.left).toBeUndefined();
    lease.detach();
    expect(lease.left).toBe(TERMS.afterDetach);
    lease.end();
  });

  it('takes other terms, which count anew', () => {
    const expire = vi.fn();
    const lease = new Lease(TERMS, expire);
    lease.attach();
    lease.detach();
    vi.advanceTimersByTime(TERMS.afterDetach - 1);
    lease.setTerms({ afterDetach: 7_200_000, idle: 7_200_000 });
    vi.advanceTimersByTime(7_199_999);
    expect(expire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(expire).toHaveBeenCalledExactlyOnceWith(
      'The session expired: nothing was attached to it for 2 hours.',
    );
  });
});
