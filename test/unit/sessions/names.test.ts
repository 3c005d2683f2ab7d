import { describe, expect, it } from 'vitest';
import { truncateReason } from '../../../src/server/sessions/channel-connection.js';
import { InvalidObjectNameError } from '../../../src/server/sessions/errors.js';
import { assertObjectName, randomSessionName } from '../../../src/server/sessions/object-names.js';

describe('names of objects', () => {
  it.each(['x', '_private', 'flower_data', 'größe', 'x1'])('takes %s', (name) => {
    expect(() => assertObjectName(name)).not.toThrow();
  });

  it.each(['', '1x', 'a b', 'a.b', 'a-b', 'lambda', 'None', 'x\n', "x'"])('refuses %j', (name) => {
    expect(() => assertObjectName(name)).toThrow(InvalidObjectNameError);
  });
});

describe('names that the server makes up for sessions', () => {
  it('are 15 letters and differ', () => {
    const names = Array.from({ length: 100 }, randomSessionName);
    for (const name of names) expect(name).toMatch(/^[A-Za-z]{15}$/);
    expect(new Set(names).size).toBe(100);
  });
});

describe('reasons in close frames', () => {
  it('pass as they are when they fit', () => {
    expect(truncateReason('The session ended.')).toBe('The session ended.');
  });

  it('are cut between characters to what a close frame carries', () => {
    const cut = truncateReason('ü'.repeat(100));
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(123);
    expect(cut).toMatch(/^ü+…$/);
  });
});
