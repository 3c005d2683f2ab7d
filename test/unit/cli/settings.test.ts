import { describe, expect, it } from 'vitest';
import { dataDirectory } from '../../../src/cli/settings.js';

describe('settings of the command line', () => {
  it('take the data directory from the option, then SLIPWAY_HOME, then XDG_DATA_HOME', () => {
    const env = { SLIPWAY_HOME: '/b', XDG_DATA_HOME: '/c' };
    expect(dataDirectory('/a', env)).toBe('/a');
    expect(dataDirectory(undefined, env)).toBe('/b');
    expect(dataDirectory(undefined, { XDG_DATA_HOME: '/c' })).toBe('/c/slipway');
  });
});
