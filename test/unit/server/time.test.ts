import { describe, expect, it } from 'vitest';
import { wireTime } from '../../../src/server/time.js';

describe('a time on the wire', () => {
  it.each([
    ['2017-10-05T22:49:33.780Z', '2017-10-05T22:49:33.78'],
    ['2017-10-05T22:49:33.123Z', '2017-10-05T22:49:33.123'],
    ['2017-10-05T22:49:30.000Z', '2017-10-05T22:49:30'],
    ['2017-10-05T22:40:00.000Z', '2017-10-05T22:40:00'],
  ])('writes %s without a zone and without trailing zeros', (instant, expected) => {
    expect(wireTime(new Date(instant))).toBe(expected);
  });
});
